"""Uploaded files of a project: stored under names that cannot be guessed, and deleted with the project."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from users.models import User
from users.sentences import sentence as _

from .. import media
from ..errors import Refused
from ..media import Kind
from ..models import Project, Task, Upload

FOLDER = "upload"
NAME_LENGTH = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@contextmanager
def stored(
    project: Project,
    files: Iterable[UploadedFile],
    *,
    actor: User,
    kinds: Mapping[str, Kind] = media.KINDS,
    **fields: Any,
) -> Iterator[list[Upload]]:
    """Store the files, all or none of them; none if the block fails. `kinds` may be stored, by extension.
    `fields` are those of their rows that the request says.

    Raises Refused naming the file if its type is unknown or does not match its content, or if it is empty
    or too large.
    """
    files = list(files)
    for file in files:
        _check(file, kinds)
    with _deleted_on_failure() as written, transaction.atomic():
        yield [_store(project, file, kinds, written, created_by=actor, **fields) for file in files]


def _check(file: UploadedFile, kinds: Mapping[str, Kind]) -> None:
    name, kind = file.name or "", kinds.get(media.extension_of(file.name or ""))
    if kind is None:
        known = ", ".join(kinds)
        raise _refused(
            "unknown_media",
            _(
                "%(name)s: this type of file cannot be uploaded. Allowed are %(known)s.",
                name=name,
                known=known,
            ),
        )
    if not file.size:
        raise _refused("empty_file", _("%(name)s is empty.", name=name))
    if file.size > settings.UPLOAD_FILE_LIMIT:
        raise _refused(
            "file_too_large",
            _(
                "%(name)s is %(size)s bytes; the limit is %(upload_file_limit)s.",
                name=name,
                size=file.size,
                upload_file_limit=settings.UPLOAD_FILE_LIMIT,
            ),
        )
    file.seek(0)
    if not kind.fits(file.read(media.HEAD)):
        raise _refused(
            "not_what_it_says",
            _(
                "The content of %(name)s is not %(content_type)s. Give the file the right extension.",
                name=name,
                content_type=kind.content_type,
            ),
        )
    file.seek(0)


def _refused(code: str, detail: str) -> Refused:
    return Refused(code, detail, field="file")


@contextmanager
def _deleted_on_failure() -> Iterator[list[str]]:
    """The files at the paths in the list are deleted if the block fails."""
    written: list[str] = []
    try:
        yield written
    except BaseException:
        _delete_files(written)
        raise


def _store(
    project: Project, file: UploadedFile, kinds: Mapping[str, Kind], written: list[str], **fields: Any
) -> Upload:
    kind = kinds[media.extension_of(file.name or "")]
    size, digest = file.size, _digest(file)
    # The storage may change the name, to keep it unique.
    path = default_storage.save(f"{FOLDER}/{project.pk}/{name_for(file.name or '')}", file)
    written.append(path)
    return Upload.objects.create(
        project=project,
        name=PurePosixPath(path).name,
        file=path,
        content_type=kind.content_type,
        size=size,
        sha256=digest,
        **fields,
    )


def name_for(name: str) -> str:
    """Eight random characters and the ASCII letters of the name, as in Label Studio: `3fa9c01b-cat.png`."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()).strip(
        "._"
    )
    return f"{secrets.token_hex(4)}-{plain[:NAME_LENGTH] or 'file'}{media.extension_of(name)}"


def _digest(file: UploadedFile) -> str:
    sha256 = hashlib.sha256()
    for chunk in file.chunks():
        sha256.update(chunk)
    file.seek(0)
    return sha256.hexdigest()


def delete(uploads: Iterable[Upload], *, force: bool = False) -> int:
    """Delete files permanently. Raises Refused while tasks use them, unless forced."""
    with transaction.atomic():
        # Locked before they are counted: of two requests at once, the second finds none.
        named = Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).order_by("pk")
        rows = list(named.select_for_update(no_key=True))
        used = 0 if force else Task.objects.filter(deleted_at=None).naming_any(rows).count()
        if used:
            raise Refused(
                "upload_in_use",
                _("%(used)s tasks use these files. Delete the tasks first, or use force.", used=used),
            )
        Upload.objects.filter(pk__in=[row.pk for row in rows]).delete()
        _delete_on_commit([row.file.name for row in rows])
    return len(rows)


def delete_files_of(projects: Iterable[int]) -> None:
    """Delete the files of these projects once the transaction that purges them is committed."""
    _delete_on_commit(list(Upload.objects.filter(project__in=projects).values_list("file", flat=True)))


def _delete_on_commit(paths: list[str]) -> None:
    transaction.on_commit(lambda: _delete_files(paths))


def _delete_files(paths: Iterable[str]) -> None:
    for path in paths:
        default_storage.delete(path)
