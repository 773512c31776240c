"""Imports too long for a request: the file is kept, and a job imports all of it or nothing.

The job commits what it has written every 20 seconds, hidden, so another worker goes on where one died.
"""

import shutil
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from jobs import runner
from jobs.models import Job, State
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.errors import Refused
from tasks.models import Import, Project
from users.models import User

from ..models import Status
from .authorship import UsersMap
from .importer import Importing, discard
from .state import ImportState

KIND = "import_tasks"  # its subject is the Import
REMOVAL = "remove_stopped_import"  # likewise
REQUEST_LIMIT = 20_000  # tasks: up to so many are imported within the request

_STATUSES = {
    State.QUEUED: Status.CREATED,
    State.RUNNING: Status.IN_PROGRESS,
    State.SUCCEEDED: Status.COMPLETED,
    State.FAILED: Status.FAILED,
    State.CANCELLED: Status.FAILED,
}


def start(project: Project, file: BinaryIO, *, actor: User, users: Any, on_duplicate: str, name: str) -> Job:
    """Keep the file and have a worker import it. Raises Refused if `users` is not a map of users."""
    UsersMap(users)  # refused now, while the sender waits for the answer
    with transaction.atomic():
        record = Import.objects.create(project=project, created_by=actor, name=name[:255])
        job = runner.create(
            KIND,
            created_by=actor,
            project_id=project.pk,
            subject_id=record.pk,
            parameters={"users": users, "on_duplicate": on_duplicate},
        )
        path = path_of(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.seek(0)
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        runner.enqueue(job)  # after the commit: the worker must find the row and the file
    return job


def path_of(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "imports" / str(job.project_id) / f"{job.subject_id}.json"


def job_of(record: Import) -> Job | None:
    """None for an import that was done within its request."""
    return Job.objects.about(KIND, record.pk).first()


def status_of(job: Job) -> str:
    """In Label Studio's words."""
    return _STATUSES[State(job.state)].value


def run_step(running: RunningJob) -> Done | Continue:
    """First the file is checked and numbers are reserved, then tasks are written, then all become visible.

    Raises Refused, and nothing is imported then.
    """
    job = running.job
    record = Import.objects.select_related("project", "created_by").get(pk=job.subject)
    if record.project.deleted_at:
        raise Refused("not_found", "The project was deleted. Nothing was imported.")
    with _open(job) as file:
        importing = Importing(
            record.project,
            file,
            actor=record.created_by,
            progress=running.report_progress,
            **job.parameters,
        )
        if job.cursor is None:
            importing.begin(record, importing.survey())
            return Continue(importing.state.as_json())
        importing.resume(record, ImportState.from_json(job.cursor))
        if not importing.is_written:
            importing.write(is_out_of_time=lambda: running.is_out_of_time)
            return Continue(importing.state.as_json())
        importing.publish()
    return Done(importing.state.report.as_dict())


def _open(job: Job) -> BinaryIO:
    try:
        return path_of(job).open("rb")
    except FileNotFoundError:
        raise Refused("file_lost", "The file of this import is gone. Send it again.")


def clean_up(job: Job) -> None:
    """When it ends: remove its file and, by another job, what it has written if it did not succeed."""
    transaction.on_commit(lambda: path_of(job).unlink(missing_ok=True))
    cursor = Job.objects.values_list("cursor", flat=True).get(pk=job.pk)
    if job.state != State.SUCCEEDED and cursor is not None:
        removal = runner.create(
            REMOVAL,
            created_by=job.created_by,
            project_id=job.project_id,
            subject_id=job.subject_id,
            parameters={"placeholders": cursor["report"]["placeholders"]},
        )
        runner.enqueue(removal)


def remove_step(running: RunningJob) -> Done | Continue:
    record = Import.objects.get(pk=running.job.subject)
    while discard(record, running.job.parameters["placeholders"]):
        if running.is_out_of_time:
            return Continue({})
        running.check_cancelled()
    return Done()


def cancel(record: Import) -> bool:
    """Stop an import that is queued or running; False if there is none to stop."""
    job = job_of(record)
    return job is not None and runner.cancel(job)
