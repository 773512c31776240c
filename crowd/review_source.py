"""Where reviews are restored from: a folder or a zip file, read file by file. Nothing is unpacked to disk."""

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tasks.errors import Refused
from users.sentences import sentence as _

from .importing.lines import split_lines
from .models import Status
from .review_file import LIST
from .zips import open_zip

MAX_FILE = 64 * 1024  # bytes of one review
MAX_FILES = 500_000  # of a folder or zip, of any kind
MAX_LIST = 2**30  # bytes of their list
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
)
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes to unpack


class Unreadable(ValueError):
    """The file is there, but cannot be read; the message says why."""


class Source(Protocol):
    names: list[str]

    def read(self, name: str) -> bytes:
        """At most MAX_FILE + 1 bytes. Raises Unreadable."""

    def lines(self, name: str) -> Iterator[bytes]:
        """At most MAX_LINE bytes each. Raises Unreadable."""


class Folder:
    """Links are not followed: what they lead to may be outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise Refused("not_a_folder", _("%(folder)s is not a folder.", folder=folder), field="file")
        self.names = []
        for parent, _folders, names in os.walk(folder):
            inside = Path(parent).relative_to(folder)
            self.names += [(inside / name).as_posix() for name in names]
            if len(self.names) > MAX_FILES:
                detail = _(
                    "There are more than %(max_files)s files in %(folder)s. Restore it in parts.",
                    max_files=format(MAX_FILES, ","),
                    folder=folder,
                )
                raise Refused("too_many_files", detail, field="file")

    def read(self, name: str) -> bytes:
        with self._open(name) as file:
            return file.read(MAX_FILE + 1)

    def lines(self, name: str) -> Iterator[bytes]:
        with self._open(name) as file:
            yield from split_lines(file)

    def _open(self, name: str) -> BinaryIO:
        path = self.folder / name
        if path.is_symlink() or not path.is_file():
            raise Unreadable("it is a link or something else than a file")
        try:
            return path.open("rb")
        except OSError as error:
            raise Unreadable(error.strerror or "it cannot be opened") from None


class Zip:
    def __init__(self, file: BinaryIO) -> None:
        """Raises Refused."""
        self.archive = open_zip(file, max_files=MAX_FILES)
        self.names = [entry.filename for entry in self.archive.infolist() if not entry.is_dir()]

    def read(self, name: str) -> bytes:
        with self._open(name) as file, _readable():
            return file.read(MAX_FILE + 1)

    def lines(self, name: str) -> Iterator[bytes]:
        with self._open(name) as file, _readable():
            yield from split_lines(file)

    def _open(self, name: str) -> Any:
        entry = self.archive.getinfo(name)
        if entry.compress_type not in READABLE:
            raise Unreadable("it is compressed in another way than deflate")
        with _readable():
            return self.archive.open(entry)


@contextmanager
def _readable() -> Iterator[None]:
    """What reading a broken entry may raise becomes Unreadable."""
    try:
        yield
    except _BROKEN as error:
        raise Unreadable(f"it cannot be unpacked: {error}") from None


def statuses(source: Source, refuse: Callable[[str, str], None]) -> dict[str, Status]:
    """path → status of the reviews that did not count, by the list beside them; `refuse(path, reason)` gets
    what of it cannot be read. A review that no list names counts if its item wants it."""
    here = set(source.names)
    found: dict[str, Status] = {}
    lines = size = 0  # of all lists together: a small zip may have huge ones
    for name in source.names:
        if name != LIST and not name.endswith(f"/{LIST}"):
            continue
        bad = []
        try:
            for number, text in enumerate(source.lines(name), start=1):
                lines, size = lines + 1, size + len(text)
                if lines > MAX_FILES or size > MAX_LIST:
                    refuse(name, "it is too long, so its rest was not read")
                    return found
                path, status = _listed(text)
                if status is None:
                    bad.append(number)
                elif status != Status.COUNTED and (full := name.removesuffix(LIST) + path) in here:
                    found[full] = status
        except Unreadable as error:
            refuse(name, str(error))
        if bad:
            refuse(name, f"{len(bad):,} lines have no path and status of a review, first line {bad[0]:,}")
    return found


def _listed(text: bytes) -> tuple[str, Status | None]:
    try:
        line = json.loads(text)
        return str(line["path"]), Status(line["status"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", None
