"""After a change of settings that decide when a task is finished, reviewed or in the queue, every task of the
project is derived again: within the request if there are few, else by a job.

The job locks one chunk of tasks after the other, each for a moment. Every chunk reads the settings anew, so
that a change meanwhile does no harm; it asks for another run, which starts after it. Guards read the settings
and never what is derived from them.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction

from jobs import runner
from jobs.models import Job, State
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.events import emit_all
from tasks.models import Project, Task
from tasks.services import projects
from tasks.services.tasks import lock_project_tasks
from users.models import User

from . import counters, sampling
from .decisions.apply import reviewed_events
from .queue import entries
from .sampling import PERCENT, RECALCULATION

# More tasks than this are a job.
AT_ONCE = 500
CHUNK = 500


def follow(project: Project, changed: Collection[str], *, actor: User) -> None:
    """In the transaction of the change, in which the project is locked."""
    few = _ids_after(0, project, limit=AT_ONCE + 1)
    if len(few) > AT_ONCE:
        _ask_for_job(project, changed, actor)
    elif few:
        last_place = sampling.last_place(project) if PERCENT in changed else None
        _derive(few, project.pk, changed, last_place, actor)


def recalculating(project_ids: Iterable[int]) -> set[int]:
    """Those of the projects whose counters may not follow their settings yet."""
    unfinished = Job.objects.unfinished().filter(kind=RECALCULATION, project_id__in=project_ids)
    return {job.project_id for job in unfinished.only("project_id") if job.project_id}


def run(running: RunningJob) -> Done | Continue:
    """A step. Running it twice does no harm: what is derived already stays as it is, and sends no event."""
    job = running.job
    changed = set(job.parameters["changed"])
    project = Project.objects.filter(pk=job.project_id).first()
    if project is None:
        return Done({"tasks": 0})
    state: dict[str, Any] = job.cursor or {
        "after": 0,
        "done": 0,
        # The same for all steps, although tasks come and go meanwhile.
        "last_place": sampling.last_place(project) if PERCENT in changed else None,
    }
    total = Task.objects.filter(project=project, deleted_at=None).count()
    while ids := _ids_after(state["after"], project, limit=CHUNK):
        _derive(ids, project.pk, changed, state["last_place"], job.created_by)
        state = state | {"after": ids[-1], "done": state["done"] + len(ids)}
        counted = f"{state['done']:,} of {total:,} tasks counted again"
        running.report_progress(state["done"], max(total, state["done"]), counted)
        if running.is_out_of_time:
            return Continue(state)
    return Done({"tasks": state["done"]})


def settle_sample(job: Job) -> None:
    """In the transaction that ends the job: tasks that came or went meanwhile did not settle the sample."""
    if job.state == State.SUCCEEDED and PERCENT in job.parameters["changed"]:
        project = Project.objects.get(pk=job.project_id)
        lock_project_tasks(project)
        entries.sync(sampling.settle(project))


def _ids_after(last: int, project: Project, *, limit: int) -> list[int]:
    tasks = Task.objects.filter(project=project, deleted_at=None, pk__gt=last).order_by("pk")
    return list(tasks.values_list("pk", flat=True)[:limit])


def _derive(
    ids: Collection[int],
    project_id: int,
    changed: Collection[str],
    last_place: sampling.Place | None,
    actor: User,
) -> None:
    with transaction.atomic():
        tasks = list(Task.objects.lock(ids))
        # After the lock: a decision that held it has read the settings before us.
        project = Project.objects.get(pk=project_id)
        for task in tasks:
            task.project = project
        if "maximum_annotations" in changed:
            projects.set_overlap(tasks, project.maximum_annotations)
        if PERCENT in changed:
            sampling.apply(tasks, last_place)
        emit_all(reviewed_events(project, counters.recount(tasks), actor))


def _ask_for_job(project: Project, changed: Collection[str], actor: User) -> None:
    """One that no worker has begun takes this change over, so that at most two run."""
    queued = Job.objects.filter(kind=RECALCULATION, project_id=project.pk, state=State.QUEUED)
    if job := queued.select_for_update(no_key=True, of=("self",)).first():
        job.parameters = {"changed": sorted({*job.parameters["changed"], *changed})}
        job.save(update_fields=["parameters"])
        return
    parameters = {"changed": sorted(changed)}
    job = runner.create(RECALCULATION, created_by=actor, project_id=project.pk, parameters=parameters)
    runner.enqueue(job)
