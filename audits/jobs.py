"""Long work of audits as jobs. What is small is done when `start_…` returns, and its job has ended; else a
worker does it."""

import shutil
from pathlib import Path
from typing import BinaryIO

from celery import shared_task
from django.conf import settings
from django.db import transaction

from jobs import runner
from jobs.models import Job
from jobs.progress import Progress, no_progress
from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from tasks.models import Project
from users.errors import Refused
from users.models import User
from users.sending import sends
from users.sentences import sentence as _

from . import base_fits, datasets, deletion, sender
from .importing import PRESETS, CsvFile, Files, import_files
from .maths.base_fit import Algorithm
from .models import BaseModel, Dataset

BASE_FIT = "audit_base_fit"  # its subject is the base model
IMPORT = "audit_import"
DELETE = "audit_delete"  # its subject is the data set
KINDS = (BASE_FIT, IMPORT, DELETE)
# Up to these sizes the request itself does it: a tenth of a second, half a second, two seconds.
SMALL_RATINGS = 5_000
IMPORT_BYTES = 300_000
DELETED_RATINGS = 200_000
MAX_NAME = 100  # characters of a file's name


def start_base_fit(
    dataset: Dataset,
    actor: User,
    *,
    algorithm: str = Algorithm.BASELINE,
    seed: int = 0,
    is_run_now: bool = False,
    progress: Progress = no_progress,
) -> Job:
    """`is_run_now`: for a command, which shows the progress."""
    base = base_fits.begin(dataset, actor=actor, algorithm=algorithm, seed=seed)
    job = runner.create(BASE_FIT, created_by=actor, project_id=dataset.project_id, subject_id=base.pk)
    return _run_or_enqueue(job, is_small=is_run_now or base.ratings <= SMALL_RATINGS, progress=progress)


def _run_or_enqueue(job: Job, *, is_small: bool, progress: Progress = no_progress) -> Job:
    if is_small:
        return runner.run_now(job, progress)
    runner.enqueue(job)
    return job


def _ended(job: Job) -> None:
    base_fits.give_up(job.subject)


@job_kind(
    BASE_FIT, label=_("Fit of a base model"), if_stopped=_("The base model before stays."), on_end=_ended
)
def base_fit_step(running: RunningJob) -> Done | Continue:
    """Two steps: what is measured is kept in the cursor."""
    job = running.job
    base = BaseModel.objects.select_related("dataset").filter(pk=job.subject).first()
    if base is None:
        raise Refused("not_found", _("The data set was deleted."))
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


def start_import(
    files: dict[str, tuple[BinaryIO, str]],
    actor: User,
    *,
    title: str,
    project: Project | None = None,
    preset: str = "plain",
    scale_max: int = 4,
    is_fitted: bool = True,
) -> Job:
    """`files`: comments, ratings and perhaps raters, each with its name. `is_fitted`: a base model is fitted
    afterwards, by a job of its own."""
    datasets.require_manager(project, actor)
    if preset not in PRESETS:
        raise Refused(
            "invalid_preset", _("Choose one of %(presets)s.", presets=", ".join(PRESETS)), field="preset"
        )
    parameters = {
        "title": title,
        "preset": preset,
        "scale_max": scale_max,
        "is_fitted": is_fitted,
        "names": {which: name[:MAX_NAME] for which, (_file, name) in files.items()},
    }
    with transaction.atomic():  # without the files, the job is not wanted
        project_id = project.pk if project else None
        job = runner.create(IMPORT, created_by=actor, project_id=project_id, parameters=parameters)
        _folder(job).mkdir(parents=True)
        for which, (file, _name) in files.items():
            file.seek(0)
            with (_folder(job) / which).open("wb") as copy:
                shutil.copyfileobj(file, copy)
    size = sum(path.stat().st_size for path in _folder(job).iterdir())
    return _run_or_enqueue(job, is_small=size <= IMPORT_BYTES)


def _folder(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "audit_uploads" / str(job.pk)


def _remove_files(job: Job) -> None:
    transaction.on_commit(lambda: shutil.rmtree(_folder(job), ignore_errors=True))


# One step, however long: all of it or nothing. Its lease is renewed meanwhile.
@job_kind(
    IMPORT, label=_("Import of a data set"), if_stopped=_("Nothing was imported."), on_end=_remove_files
)
def import_step(running: RunningJob) -> Done:
    job, given = running.job, running.job.parameters
    try:
        dataset = import_files(
            Files(**{which: CsvFile(_folder(job) / which, name) for which, name in given["names"].items()}),
            actor=job.created_by,
            title=given["title"],
            project=_project(job),
            preset=given["preset"],
            scale_max=given["scale_max"],
            progress=running.report_progress,
        )
    except FileNotFoundError:
        raise Refused("file_lost", _("The uploaded files are gone. Send them again.")) from None
    fit = start_base_fit(dataset, job.created_by) if given["is_fitted"] else None
    return Done({"dataset": dataset.pk, "base_fit": fit.pk if fit else None} | datasets.sizes(dataset))


def _project(job: Job) -> Project | None:
    if job.project_id is None:
        return None
    found = Project.objects.filter(pk=job.project_id, deleted_at=None).first()
    if found is None:
        raise Refused("not_found", _("The project was deleted."))
    return found


def start_deletion(dataset: Dataset, actor: User) -> Job:
    datasets.require_manager(dataset.project, actor)
    job = runner.create(DELETE, created_by=actor, project_id=dataset.project_id, subject_id=dataset.pk)
    return _run_or_enqueue(job, is_small=datasets.sizes(dataset)["ratings"] <= DELETED_RATINGS)


@job_kind(DELETE, label=_("Deletion of a data set"), if_stopped=_("Nothing was deleted."))
def delete_step(running: RunningJob) -> Done:
    dataset = Dataset.objects.filter(pk=running.job.subject).first()
    if dataset is None:
        raise Refused("not_found", _("The data set was deleted before."))
    return Done(deletion.delete(dataset, actor=running.job.created_by, progress=running.report_progress))


@shared_task(soft_time_limit=20, time_limit=30)
@sends
def send_report(submission_id: int) -> None:
    sender.send(submission_id)


@shared_task
def sweep_submissions() -> None:
    """Every ten seconds, by beat."""
    sender.sweep()


@shared_task(soft_time_limit=40, time_limit=60)
@sends
def ask_register() -> None:
    """Every five minutes, by beat."""
    sender.ask_for_status()
