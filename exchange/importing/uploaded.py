"""Files that were uploaded first and are imported later: what the import dialog of Label Studio does."""

import io
import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import BinaryIO, cast

from tasks import media
from tasks.errors import Refused
from tasks.models import Project, Task, Upload
from users.sentences import sentence as _

from .keys import key_of
from .sources import EXTENSIONS, SourceFile

MAX_FILES = 1000


def uploads_named(project: Project, ids: Sequence[int]) -> list[Upload]:
    """In the order of `ids`. Raises Refused if one is not there, or is imported already."""
    if len(ids) > MAX_FILES:
        raise _refused(
            "too_many", _("At most %(max_files)s files at once. Import them in parts.", max_files=MAX_FILES)
        )
    found = Upload.objects.filter(project=project).in_bulk(ids)
    if missing := [pk for pk in ids if pk not in found]:
        raise _refused(
            "unknown_upload", _("This project has no uploaded file %(missing)s.", missing=missing[0])
        )
    _refuse_imported(ids)
    return [found[pk] for pk in dict.fromkeys(ids)]


def lock_unused(ids: Iterable[int]) -> None:
    """Until the transaction ends nobody else imports these files. Raises Refused if somebody has."""
    wanted = sorted(set(ids))
    list(Upload.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True).only("pk"))
    _refuse_imported(wanted)


def _refuse_imported(ids: Iterable[int]) -> None:
    used = Task.objects.filter(file_upload__in=ids, deleted_at=None).values_list(
        "file_upload__name", flat=True
    )
    if name := used.first():
        raise _refused(
            "already_imported",
            _("%(name)s is imported already. Delete its tasks first, or leave it out.", name=name),
        )


def _refused(code: str, detail: str) -> Refused:
    return Refused(code, detail, field="file_upload_ids")


def sources_of(
    project: Project, uploads: Sequence[Upload], opened: ExitStack, *, as_lists: bool
) -> list[SourceFile]:
    """Files of tasks are read, unless each is to be one task (`as_lists` is false); other files are shown by
    one task each."""
    return [
        SourceFile(
            cast(BinaryIO, opened.enter_context(upload.file.open("rb"))), upload.name, upload=upload.pk
        )
        if as_lists and media.extension_of(upload.name) in EXTENSIONS
        else _shown(project, upload)
        for upload in uploads
    ]


def _shown(project: Project, upload: Upload) -> SourceFile:
    task = json.dumps({"data": {key_of(project, upload.name): upload.path}}).encode()
    return SourceFile(io.BytesIO(task), content_type="application/json", upload=upload.pk)
