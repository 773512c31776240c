"""Imports too long for a request: the file is kept, and a job imports all of it or nothing.

The import is one transaction, so a worker that dies leaves nothing behind, and the next one starts all over.
"""

import shutil
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from jobs import runner
from jobs.models import Job, State
from jobs.progress import Progress
from tasks.errors import Refused
from tasks.models import Import, Project
from users.models import User

from ..models import Status
from .authorship import UsersMap
from .importer import import_file

KIND = "import_tasks"  # its subject is the Import
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


def run(job: Job, *, progress: Progress) -> dict[str, Any]:
    """The report of the import. Raises Refused, and nothing is imported then."""
    record = Import.objects.select_related("project", "created_by").get(pk=job.subject)
    if record.project.deleted_at:
        raise Refused("not_found", "The project was deleted. Nothing was imported.")
    with _open(job) as file:
        outcome = import_file(
            record.project,
            file,
            actor=record.created_by,
            record=record,
            progress=progress,
            **job.parameters,
        )
    return outcome.report.as_dict()


def _open(job: Job) -> BinaryIO:
    try:
        return path_of(job).open("rb")
    except FileNotFoundError:
        raise Refused("file_lost", "The file of this import is gone. Send it again.")


def remove_file(job: Job) -> None:
    transaction.on_commit(lambda: path_of(job).unlink(missing_ok=True))


def cancel(record: Import) -> bool:
    """Stop an import that is queued or running; False if there is none to stop."""
    job = job_of(record)
    return job is not None and runner.cancel(job)
