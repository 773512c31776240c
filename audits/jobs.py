"""Long work of audits as jobs."""

from jobs import runner
from jobs.models import Job
from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from users.errors import Refused
from users.models import User

from . import base_fits
from .maths.base_fit import Algorithm
from .models import BaseModel, Dataset

BASE_FIT = "audit_base_fit"  # its subject is the base model
SMALL_RATINGS = 5_000  # up to so many the request itself does it: a tenth of a second


def start_base_fit(
    dataset: Dataset,
    actor: User,
    *,
    algorithm: str = Algorithm.BASELINE,
    seed: int = 0,
    is_run_now: bool = False,
) -> Job:
    """The job has ended when this returns if the data set is small, or a command asks for it (`is_run_now`).
    Else a worker does it."""
    base = base_fits.begin(dataset, actor=actor, algorithm=algorithm, seed=seed)
    job = runner.create(BASE_FIT, created_by=actor, project_id=dataset.project_id, subject_id=base.pk)
    if is_run_now or base.ratings <= SMALL_RATINGS:
        return runner.run_now(job)
    runner.enqueue(job)
    return job


def _ended(job: Job) -> None:
    base_fits.give_up(job.subject)


@job_kind(BASE_FIT, label="Fit of a base model", if_stopped="The base model before stays.", on_end=_ended)
def base_fit_step(running: RunningJob) -> Done | Continue:
    """Two steps: what is measured is kept in the cursor."""
    job = running.job
    base = BaseModel.objects.select_related("dataset").filter(pk=job.subject).first()
    if base is None:
        raise Refused("not_found", "The data set was deleted.")
    if job.cursor is None:
        running.report_progress(0, 2, "Measuring it on raters held out")
        return Continue({"metrics": base_fits.measure(base)})
    running.report_progress(1, 2, f"Fitting {base.ratings:,} ratings")
    base = base_fits.finish(base.pk, job.cursor["metrics"])
    running.report_progress(2, 2, "Fitted")
    return Done(
        {
            "base_model": base.pk,
            "algorithm": base.algorithm,
            "seed": base.seed,
            "sha256": base.sha256,
            "ratings": base.ratings,
            "seconds": base.seconds,
            "metrics": base.metrics,
            "uses_topic_factors": base.uses_topic_factors,
        }
    )
