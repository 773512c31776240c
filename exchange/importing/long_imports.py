"""Imports too long for a request: the file is kept, a worker brings it in, all of it or nothing.

The import is one transaction, so a worker that dies leaves nothing behind; another one begins again. How far it is, and
whether somebody stopped it, goes over a second connection, because nobody sees into the transaction.
"""

import logging
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from tasks import locks
from tasks.errors import Refused
from tasks.models import Import, Project

from ..exporting.snapshots import send
from ..models import ImportJob, Status
from .authorship import UsersMap
from .importer import import_file
from .side_connection import Beside, Cancelled

log = logging.getLogger(__name__)
AT_ONCE = 20_000  # tasks: up to so many, the request itself brings them in
LOST_AFTER = timedelta(minutes=1)  # without a sign of life
MOST_ATTEMPTS = 3


def begin(
    project: Project, file: BinaryIO, *, actor: Any, users: Any, on_duplicate: str, name: str
) -> ImportJob:
    """Keep the file and have a worker bring it in. Raises Refused for a map of users that cannot be read."""
    UsersMap(users)
    with transaction.atomic():
        record = Import.objects.create(project=project, created_by=actor, name=name[:255])
        job = ImportJob.objects.create(record=record, project=project, users=users, on_duplicate=on_duplicate)
        _keep(file, path_of(job))
        transaction.on_commit(lambda: send("exchange.jobs.run_import", job.pk))
    return job


def path_of(job: ImportJob) -> Path:
    return Path(settings.MEDIA_ROOT) / "imports" / str(job.project_id) / f"{job.pk}.json"


def _keep(file: BinaryIO, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    file.seek(0)
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept)


def run(record_id: int) -> None:
    """Bring one in, unless another worker is about it. What is wrong with the file ends it; a lost database does not."""
    job = (
        ImportJob.objects.select_related("record__project", "record__created_by").filter(pk=record_id).first()
    )
    if job is None or job.is_over:
        return
    try:
        with transaction.atomic():
            if _alone_with(job):
                _bring(job)
    except Cancelled:
        _fail(job, "cancelled", "Somebody stopped this import. Nothing was imported.")
    except Refused as refused:
        _fail(job, refused.code, refused.detail, field=refused.field)
    except (OperationalError, InterfaceError):
        log.exception("import %s lost its database and will be begun again", record_id)
    except Exception:
        log.exception("import %s failed", record_id)
        _fail(job, "failed", "Something went wrong on our side. Nothing was imported.")
    else:
        _forget_file(job)


def _alone_with(job: ImportJob) -> bool:
    """Whether no other worker is about it. The lock ends with the transaction, and so with a worker that dies."""
    if not locks.try_hold(locks.Lock.IMPORT, job.pk):
        return False
    job.refresh_from_db(fields=["status"])
    return not job.is_over


def _bring(job: ImportJob) -> None:
    with Beside(job.pk) as beside:
        if beside.begin() > MOST_ATTEMPTS:
            raise Refused(
                "worker_lost",
                f"{MOST_ATTEMPTS} workers died of this import. Nothing was imported. Send it in parts.",
            )
        record = job.record
        if record.project.deleted_at:
            raise Refused("not_found", "The project was deleted. Nothing was imported.")
        with _opened(job) as file:
            asked = {
                "users": job.users,
                "on_duplicate": job.on_duplicate,
                "record": record,
                "progress": beside.tell,
            }
            outcome = import_file(record.project, file, actor=record.created_by, **asked)
    _complete(job, tasks=outcome.report.tasks)


def _opened(job: ImportJob) -> BinaryIO:
    try:
        return path_of(job).open("rb")
    except FileNotFoundError:
        raise Refused("file_lost", "The file of this import is not there any more. Send it again.")


def _complete(job: ImportJob, *, tasks: int) -> None:
    """Within the import's own transaction: it is there exactly when this says so."""
    done = {"status": Status.COMPLETED, "finished_at": timezone.now()}
    if not ImportJob.objects.unfinished().filter(pk=job.pk, cancelled_at=None).update(**done):
        raise Cancelled


def _fail(job: ImportJob, code: str, detail: str, *, field: str | None = None) -> None:
    error = {"code": code, "detail": detail, "field": field}
    over = {"status": Status.FAILED, "finished_at": timezone.now(), "error": error}
    if ImportJob.objects.unfinished().filter(pk=job.pk).update(**over):
        path_of(job).unlink(missing_ok=True)


def _forget_file(job: ImportJob) -> None:
    if ImportJob.objects.filter(pk=job.pk, status=Status.COMPLETED).exists():
        path_of(job).unlink(missing_ok=True)


def cancel(record_id: int) -> bool:
    """Stop an import that is not through; False where there is none to stop. Its worker hears of it at the next batch."""
    stopped = ImportJob.objects.unfinished().filter(pk=record_id).update(cancelled_at=timezone.now())
    with transaction.atomic():
        if stopped and locks.try_hold(locks.Lock.IMPORT, record_id):  # nobody is about it who could hear
            _fail(
                ImportJob.objects.get(pk=record_id),
                "cancelled",
                "Somebody stopped this import. Nothing was imported.",
            )
    return bool(stopped)


def resume() -> None:
    """Ask for a worker again, where the last one gave no sign of life for long. If it lives, the new one finds that out."""
    silent = ImportJob.objects.unfinished().filter(beaten_at__lt=timezone.now() - LOST_AFTER)
    for record_id in silent.values_list("pk", flat=True)[:100]:
        send("exchange.jobs.run_import", record_id)
