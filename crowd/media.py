"""The images and videos of a campaign: a folder of its own, to which items refer by relative paths.

A remote address is replaced by a copy in the folder, if there is one at `<host>/<path>`, where `wget -x` puts
it: dead links are repaired without a change of the data.
"""

import filecmp
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from django.conf import settings

from api.views.media.responses import MediaFile
from tasks import media
from tasks.errors import Refused
from users.models import User
from users.sentences import sentence as _

from .campaigns import require_manager
from .models import Campaign
from .zips import open_zip

KINDS = {
    extension: media.KINDS[extension]
    for extension in (
        [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"]
        + [".mp4", ".webm"]
        + [".mp3", ".m4a", ".ogg", ".wav", ".flac"]
    )
} | {".m4v": media.KINDS[".mp4"]}

MAX_PATH = 400  # bytes in UTF-8
MAX_NAME = 200  # likewise, of each part
MAX_FOLDERS = 8
MAX_FILES = 10_000  # in a zip, its folders counted too
MAX_TOTAL = 2**30  # bytes of a zip, unpacked
MAX_RATIO = 100  # unpacked to packed bytes; media hardly get smaller
RATIO_FROM = 2**20  # smaller files may be as empty as they like
MAX_LISTED = 1000
CHUNK = 2**20

# No system has them in a name, or some have a meaning for them.
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\\:*?"<>|]')
DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|\Z)", re.IGNORECASE)
# What archivers and file managers add without being asked.
LEFTOVERS = re.compile(r"(\A|/)(__MACOSX/|\.DS_Store\Z|Thumbs\.db\Z|desktop\.ini\Z)", re.IGNORECASE)


class BadFile(ValueError):
    """The file cannot be taken; the message says why."""


def folder(campaign: Campaign) -> Path:
    """By its id, not its slug: a campaign that gets the address of an earlier one does not get its files."""
    return Path(settings.MEDIA_ROOT) / "crowd" / str(campaign.pk)


def checked_path(name: str) -> str:
    """The path in a folder that `name` is, in the one spelling of its characters. Raises BadFile."""
    if UNSAFE.search(name):
        raise BadFile('its name has a control character or one of \\ : * ? " < > |')
    path = unicodedata.normalize("NFC", name)
    parts = path.split("/")
    if "" in parts or ".." in parts or "." in parts:
        raise BadFile("its path is absolute, empty, or leads out of the folder")
    if any(part.startswith(".") for part in parts):
        raise BadFile("its name, or that of a folder, starts with a dot")
    if any(part != part.strip() or part.endswith(".") or DEVICE.match(part) for part in parts):
        raise BadFile("its name, or that of a folder, does not exist on every system")
    if len(path.encode()) > MAX_PATH or any(len(part.encode()) > MAX_NAME for part in parts):
        raise BadFile(f"its path is longer than {MAX_PATH} bytes, or a part of it than {MAX_NAME}")
    if len(parts) > MAX_FOLDERS + 1:
        raise BadFile(f"it is more than {MAX_FOLDERS} folders deep")
    if media.extension_of(path) not in KINDS:
        raise BadFile(f"its type is not one of {' '.join(KINDS)}")
    return path


def find(campaign: Campaign, name: str) -> MediaFile | None:
    """The file at a path in the campaign's folder, and nothing outside of it."""
    root = folder(campaign).resolve()
    try:
        path = checked_path(name)
        # Links that lead out of the folder are not followed, whoever made them.
        at = (root / path).resolve(strict=True)
        found = at.stat()
    except (BadFile, OSError, RuntimeError):
        return None
    if not at.is_relative_to(root) or not stat.S_ISREG(found.st_mode):
        return None
    return MediaFile(
        name=PurePosixPath(path).name,
        content_type=KINDS[media.extension_of(path)].content_type,
        size=found.st_size,
        # A file is always replaced as a whole, never written into.
        tag=f"{found.st_mtime_ns:x}-{found.st_size:x}",
        modified=int(found.st_mtime),
        open=lambda: at.open("rb"),
    )


def copy_of(campaign: Campaign, address: str) -> str | None:
    """The path of this folder's copy of a remote file, if there is one."""
    parts = urlsplit(address)
    if parts.query or not parts.hostname:
        return None
    path = f"{parts.hostname}{unquote(parts.path)}"
    return path if find(campaign, path) else None


@dataclass
class MediaReport:
    """`unchanged`: the same file was there already. `refused`: (name in the zip, why)."""

    stored: int = 0
    replaced: int = 0
    unchanged: int = 0
    refused_count: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, name: str, reason: str) -> None:
        self.refused_count += 1
        if len(self.refused) < MAX_LISTED:
            # Neither a database nor a page takes every character that a zip can have in a name.
            self.refused.append((UNSAFE.sub("\ufffd", name)[:MAX_NAME], reason))

    def as_dict(self) -> dict[str, Any]:
        return {
            "stored": self.stored,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "refused": self.refused_count,
            "refused_files": [{"path": path, "reason": why} for path, why in self.refused],
        }


def add_zip(campaign: Campaign, file: BinaryIO, *, actor: User) -> MediaReport:
    """Unpack a zip into the campaign's folder. Files of the same path are replaced; what cannot be taken is
    refused by name and the others are stored. Raises Refused if nothing of the zip may be unpacked."""
    require_manager(campaign.project, actor)
    report, seen = MediaReport(), set[str]()
    with open_zip(file, max_files=MAX_FILES) as archive:
        entries = [entry for entry in archive.infolist() if not _is_left_out(entry)]
        # No entry is unpacked beyond the size that it states.
        if (total := sum(entry.file_size for entry in entries)) > MAX_TOTAL:
            raise Refused(
                "zip_too_large",
                _(
                    "Unpacked, this zip has %(total)s bytes; the limit is %(most)s. Split it into several.",
                    total=format(total, ","),
                    most=format(MAX_TOTAL, ","),
                ),
                field="file",
            )
        root = folder(campaign)
        root.mkdir(parents=True, exist_ok=True)
        for entry in entries:
            try:
                outcome = _add(archive, entry, root.resolve(), seen)
            except BadFile as error:
                report.refuse(entry.orig_filename, str(error))
            else:
                setattr(report, outcome, getattr(report, outcome) + 1)
    return report


def _is_left_out(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/") or bool(LEFTOVERS.search(entry.filename))


def _add(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, root: Path, seen: set[str]) -> str:
    """The counter of the report that it adds to. Raises BadFile."""
    # As it is in the zip: `filename` ends at a NUL.
    path = checked_path(entry.orig_filename)
    _check_entry(entry)
    if path in seen:
        raise BadFile("it is in the zip twice")
    seen.add(path)
    target = root / path
    _make_folders(root, target.parent)
    unpacked = _unpack(archive, entry, root, KINDS[media.extension_of(path)])
    try:
        return _put(unpacked, target)
    finally:
        unpacked.unlink(missing_ok=True)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # Only zips made on Unix say what kind of file it is.
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind and kind != stat.S_IFREG:
        raise BadFile("it is a link or another special file")
    if entry.flag_bits & 1:
        raise BadFile("it is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadFile("it is compressed in an unusual way; use plain zip (deflate)")
    if not entry.file_size:
        raise BadFile("it is empty")
    if entry.file_size > settings.UPLOAD_FILE_LIMIT:
        raise BadFile(f"it has {entry.file_size:,} bytes; the limit is {settings.UPLOAD_FILE_LIMIT:,}")
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * entry.compress_size:
        raise BadFile(f"it is compressed more than {MAX_RATIO} times, which media never are")


def _make_folders(root: Path, parent: Path) -> None:
    made = root
    for part in parent.relative_to(root).parts:
        made /= part
        if made.is_symlink() or (made.exists() and not made.is_dir()):
            raise BadFile("a file or a link has the name of its folder")
        made.mkdir(exist_ok=True)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, root: Path, kind: media.Kind) -> Path:
    """Into the same file system, under a name that is never served. Raises BadFile."""
    with NamedTemporaryFile(dir=root, prefix=".unpacked-", delete=False) as file:
        unpacked = Path(file.name)
        try:
            with archive.open(entry) as content:
                chunk = content.read(media.HEAD)
                if not kind.fits(chunk):
                    raise BadFile(f"its content is not {kind.content_type}")
                while chunk:
                    file.write(chunk)
                    chunk = content.read(CHUNK)
        except BaseException as error:
            unpacked.unlink()
            if isinstance(
                error, zipfile.BadZipFile | zlib.error | EOFError | NotImplementedError | RuntimeError
            ):
                raise BadFile("it is damaged") from None
            raise
    return unpacked


def _put(unpacked: Path, target: Path) -> str:
    if target.is_dir():
        raise BadFile("a folder has this name")
    is_there = target.is_file() and not target.is_symlink()
    if is_there and filecmp.cmp(unpacked, target, shallow=False):
        return "unchanged"
    os.replace(unpacked, target)
    return "replaced" if is_there else "stored"
