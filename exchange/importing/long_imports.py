"""Imports too long for a request: the files are kept, and a job imports all of them or nothing.

The job commits what it has written every 20 seconds, hidden, so another worker goes on where one died.
"""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from jobs import runner
from jobs.models import Job, State
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.errors import Refused
from tasks.models import Import, Project
from users.models import User
from users.sentences import sentence as _

from ..models import Status
from .authorship import UsersMap
from .importer import Importing, discard, name_of
from .options import ImportOptions
from .repeats import NO_KEY, RequestKey, release
from .sources import SourceFile
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


def start(
    project: Project,
    files: Sequence[SourceFile],
    *,
    actor: User,
    users: Any,
    options: ImportOptions,
    key: RequestKey = NO_KEY,
) -> Job:
    """Keep the files and have a worker import them. Raises Refused if `users` is not a map of users."""
    UsersMap(users)  # refused now, while the sender waits for the answer
    with transaction.atomic():
        record = key.record(project, actor, name_of(files))
        named = [{"name": f.name, "content_type": f.content_type, "upload": f.upload} for f in files]
        job = runner.create(
            KIND,
            created_by=actor,
            project_id=project.pk,
            subject_id=record.pk,
            parameters={"users": users, "options": options.as_json(), "files": named},
        )
        folder_of(job).mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            file.file.seek(0)
            with (folder_of(job) / str(number)).open("wb") as copy:
                shutil.copyfileobj(file.file, copy)
        runner.enqueue(job)  # after the commit: the worker must find the row and the files
    return job


def folder_of(job: Job) -> Path:
    """Where its files are, until it ends: `0`, `1` …"""
    return Path(settings.MEDIA_ROOT) / "imports" / str(job.project_id) / str(job.subject_id)


def job_of(record: Import) -> Job | None:
    """None for an import that was done within its request."""
    return Job.objects.about(KIND, record.pk).first()


def jobs_of(records: Sequence[Import]) -> list[Job]:
    return list(Job.objects.filter(kind=KIND, subject_id__in=[record.pk for record in records]))


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
        raise Refused("not_found", _("The project was deleted. Nothing was imported."))
    with ExitStack() as opened:
        importing = Importing(
            record.project,
            _open(job, opened),
            actor=record.created_by,
            users=job.parameters["users"],
            options=ImportOptions.from_json(job.parameters["options"]),
            progress=running.report_progress,
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


def _open(job: Job, opened: ExitStack) -> list[SourceFile]:
    try:
        return [
            SourceFile(opened.enter_context((folder_of(job) / str(number)).open("rb")), **named)
            for number, named in enumerate(job.parameters["files"])
        ]
    except (FileNotFoundError, KeyError):  # an import that an earlier version has queued has no such key
        raise Refused("file_lost", _("The file of this import is gone. Send it again."))


def clean_up(job: Job) -> None:
    """When it ends: remove its files and, by another job, what it has written if it did not succeed."""
    transaction.on_commit(lambda: shutil.rmtree(folder_of(job), ignore_errors=True))
    cursor = Job.objects.values_list("cursor", flat=True).get(pk=job.pk)
    if job.state == State.SUCCEEDED:
        return
    if job.subject_id is not None:
        release(job.subject_id)
    if cursor is not None:
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
