"""Pictures, sounds, films and texts that become tasks: each names the file it was made from."""

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

from .importer import Outcome
from .report import Report


def media_of(files: Sequence[UploadedFile]) -> list[UploadedFile]:
    """The files, where they are media; none where they are a file of tasks. Raises Refused when they are both."""
    found = [file for file in files if media.kind_of(file.name or "")]
    if found and len(found) != len(files):
        raise Refused(
            "mixed_files", "Send either one file of tasks or files to label, not both at once.", field="file"
        )
    return found


def import_media(
    project: Project, files: Sequence[UploadedFile], *, actor: Any
) -> tuple[Outcome, list[Upload]]:
    """A task for each file (for each line of a text whose lines are labelled), all or none. Raises Refused."""
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
    """The key of the data that shows such a file. Raises Refused where the label configuration leaves it open."""
    shown = [told for told in parse(project.label_config).objects.values() if told["value"]]
    kind = media.kind_of(name)
    fitting = [told for told in shown if kind and told["type"] in kind.tags]
    keys = {told["value"] for told in fitting or shown}
    if len(keys) > 1:
        raise Refused(
            "which_key",
            f"{name}: the label configuration could show it as {', '.join(sorted(keys))}. Import a JSON file of tasks instead.",
            field="file",
        )
    return keys.pop() if keys else kind.key if kind else ""


def _rows(project: Project, upload: Upload, key: str) -> list[dict[str, Any]]:
    if upload.content_type == "text/plain" and not _by_address(project, key):
        return [{"data": {key: line}, "file_upload": upload} for line in _lines(upload)]
    return [{"data": {key: upload.path}, "file_upload": upload}]


def _by_address(project: Project, key: str) -> bool:
    """Whether the configuration wants the address of a text, and not the text."""
    told = parse(project.label_config).objects.values()
    return any(one["value"] == key and one.get("valueType") == "url" for one in told)


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
    raise Refused("empty_file", f"{upload.name} has no line of text.", field="file")


def _report(made: Sequence[Task]) -> Report:
    report = Report(tasks=len(made), task_ids=[task.pk for task in made])
    for task in made:
        report.columns |= dict.fromkeys(task.data)
    return report
