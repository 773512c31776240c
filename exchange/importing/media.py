"""Imports images, audio, video and pages: each file becomes a task that shows it."""

import time
from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Max

from tasks import media
from tasks.errors import Refused
from tasks.models import History, Project, Task, Upload
from tasks.services import tasks, uploads
from users.models import User
from users.sentences import sentence as _

from .importer import Outcome
from .keys import is_shown_by_address, key_of
from .repeats import NO_KEY, RequestKey
from .report import Report
from .sources import TEXT


def media_of(project: Project, files: Sequence[UploadedFile]) -> list[UploadedFile]:
    """All of `files` if they are media, none if they are files of tasks. Raises Refused for a mixture."""
    found = [file for file in files if _is_media(project, file.name or "")]
    if found and len(found) != len(files):
        raise Refused(
            "mixed_files", _("Send either files of tasks or files to label, not both at once."), field="file"
        )
    return found


def _is_media(project: Project, name: str) -> bool:
    if media.extension_of(name) == TEXT:  # else its lines are tasks
        return is_shown_by_address(project, key_of(project, name))
    return media.kind_of(name) is not None


def import_media(
    project: Project, files: Sequence[UploadedFile], *, actor: User, key: RequestKey = NO_KEY
) -> tuple[Outcome, list[Upload]]:
    """A task for each file, all or none. Raises Refused."""
    started = time.monotonic()
    keys = [key_of(project, file.name or "") for file in files]
    with uploads.stored(project, files, actor=actor) as kept:
        record = key.record(project, actor, ", ".join(f.name or "" for f in files)[:255])
        rows = [
            {"data": {shown_by: upload.path}, "file_upload": upload}
            for upload, shown_by in zip(kept, keys, strict=True)
        ]
        report = _report(tasks.create_many(project, rows, actor=actor, imported=record))
        report.formats = sorted({media.extension_of(upload.name) for upload in kept})
        record.report = report.as_dict() | {
            "last_history": History.objects.aggregate(last=Max("id"))["last"] or 0,
            "uploads": [upload.pk for upload in kept],
        }
        record.save(update_fields=["report"])
    return Outcome(record, report, time.monotonic() - started), kept


def _report(created: Sequence[Task]) -> Report:
    report = Report(tasks=len(created), task_ids=[task.pk for task in created])
    for task in created:
        report.columns |= dict.fromkeys(task.data)
    return report
