"""Opens zip and gzip files. What they unpack to is limited, whatever they say of themselves."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from users.sentences import sentence as _

from .problems import MAX_LISTED, invalid_import
from .text_stream import Stream

UNPACKED_LIMIT = 2 * 2**30  # bytes, of all files of an import
MAX_MEMBERS = 100_000
ZIP_MAGIC, GZIP_MAGIC = b"PK\x03\x04", b"\x1f\x8b"
# The record at the end of a zip: how many members, and how many bytes describe them.
_END = struct.Struct("<4s4H2LH")
_DESCRIPTIONS_LIMIT = 64 * 2**20
DAMAGED = (OSError, EOFError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, ValueError)


class Budget:
    """How many bytes may still be unpacked."""

    def __init__(self) -> None:
        self.left = UNPACKED_LIMIT

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise invalid_import(
                _(
                    "The archives unpack to more than %(limit)s bytes. Import them in several parts.",
                    limit=format(UNPACKED_LIMIT, ","),
                )
            )


@dataclass
class LeftOut:
    """Members of archives that are not read, and the names of the first of them."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if self.count <= MAX_LISTED:
            self.names.append(name[:200])


@dataclass
class Unpacked:
    """A stream out of an archive."""

    stream: Stream
    name: str
    budget: Budget

    def read(self, size: int = -1, /) -> bytes:
        try:
            data = self.stream.read(size)
        except DAMAGED as error:
            raise invalid_import(
                _(
                    "%(name)s is damaged or protected and cannot be unpacked (%(error)s).",
                    name=self.name,
                    error=error,
                )
            )
        self.budget.spend(len(data))
        return data


def gunzipped(file: BinaryIO, name: str, budget: Budget) -> Unpacked:
    return Unpacked(gzip.GzipFile(fileobj=file), name, budget)


def members_of(
    file: BinaryIO, name: str, budget: Budget, left_out: LeftOut
) -> Iterator[tuple[str, Unpacked]]:
    """Each file in a zip with its name, in the order of the archive. Hidden ones are added to `left_out`."""
    _refuse_endless(file, name)
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED as error:
        raise invalid_import(
            _("%(name)s is damaged and cannot be unpacked (%(error)s).", name=name, error=error)
        )
    for member in archive.infolist():
        if member.is_dir():
            continue
        if _is_hidden(member.filename):
            left_out.add(member.filename)
            continue
        try:
            opened = archive.open(member)
        except DAMAGED as error:
            raise invalid_import(
                _(
                    "%(name)s: %(filename)s cannot be unpacked (%(error)s).",
                    name=name,
                    filename=member.filename[:200],
                    error=error,
                )
            )
        with opened:
            yield member.filename, Unpacked(opened, f"{name}: {member.filename[:200]}", budget)


def _is_hidden(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _refuse_endless(file: BinaryIO, name: str) -> None:
    """The list of members is read into memory: it must not be long itself."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 2**16 - _END.size))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise invalid_import(_("%(name)s is damaged: it has no end.", name=name))
    members, descriptions = _END.unpack_from(tail, at)[4:6]
    if members > MAX_MEMBERS or members == 0xFFFF or descriptions > _DESCRIPTIONS_LIMIT:
        raise invalid_import(_("%(name)s has too many files. Import them in several parts.", name=name))
