"""Imports images, audio, video and texts: each file becomes a task that shows it."""

import time
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Max

from tasks import media
from tasks.errors import Refused
from tasks.labelconfig import parse
from tasks.models import History, Import, Project, Task, Upload
from tasks.services import tasks, uploads
from users.models import User

from .importer import Outcome
from .report import Report


def media_of(files: Sequence[UploadedFile]) -> list[UploadedFile]:
    """All of `files` if they are media, none if they are a file of tasks. Raises Refused for a mixture."""
    found = [file for file in files if media.kind_of(file.name or "")]
    if found and len(found) != len(files):
        raise Refused(
            "mixed_files", "Send either one file of tasks or files to label, not both at once.", field="file"
        )
    return found


def import_media(
    project: Project, files: Sequence[UploadedFile], *, actor: User
) -> tuple[Outcome, list[Upload]]:
    """A task for each file, or for each line of a text file, all or none. Raises Refused."""
    started = time.monotonic()
    keys = [_key(project, file.name or "") for file in files]
    with uploads.stored(project, files, actor=actor) as kept:
        record = Import.objects.create(
            project=project, created_by=actor, name=", ".join(f.name or "" for f in files)[:255]
        )
        rows = [row for upload, key in zip(kept, keys, strict=True) for row in _rows(project, upload, key)]
        report = _report(tasks.create_many(project, rows, actor=actor, imported=record))
        record.report = report.as_dict() | {
            "last_history": History.objects.aggregate(last=Max("id"))["last"] or 0
        }
        record.save(update_fields=["report"])
    return Outcome(record, report, time.monotonic() - started), kept


def _key(project: Project, name: str) -> str:
    """The key of task data that the label configuration shows such files from. Raises Refused if unclear."""
    tags = [tag for tag in parse(project.label_config).objects.values() if tag["value"]]
    kind = media.kind_of(name)
    fitting = [tag for tag in tags if kind and tag["type"] in kind.tags]
    keys = {tag["value"] for tag in fitting or tags}
    if len(keys) > 1:
        known = ", ".join(sorted(keys))
        detail = (
            f"{name}: the label configuration could show it as {known}. Import a JSON file of tasks instead."
        )
        raise Refused("which_key", detail, field="file")
    return keys.pop() if keys else kind.key if kind else ""


def _rows(project: Project, upload: Upload, key: str) -> list[dict[str, Any]]:
    if upload.content_type == "text/plain" and not _is_shown_by_url(project, key):
        return [{"data": {key: line}, "file_upload": upload} for line in _lines(upload)]
    return [{"data": {key: upload.path}, "file_upload": upload}]


def _is_shown_by_url(project: Project, key: str) -> bool:
    """Whether the label configuration loads the text from a URL, instead of showing the value itself."""
    tags = parse(project.label_config).objects.values()
    return any(tag["value"] == key and tag.get("valueType") == "url" for tag in tags)


def _lines(upload: Upload) -> list[str]:
    with upload.file.open("rb") as file:
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Refused(
                "not_what_it_says", f"{upload.name} is not UTF-8: byte {error.start}.", field="file"
            )
    if lines := [line.strip() for line in text.replace("\0", "").splitlines() if line.strip()]:
        return lines
    raise Refused("empty_file", f"{upload.name} has no text.", field="file")


def _report(created: Sequence[Task]) -> Report:
    report = Report(tasks=len(created), task_ids=[task.pk for task in created])
    for task in created:
        report.columns |= dict.fromkeys(task.data)
    return report
