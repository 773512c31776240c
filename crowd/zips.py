"""Opens a zip file that somebody sent, unless reading its list of contents alone would be too much; writes
one of very many files."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from tasks.errors import Refused
from users.sentences import sentence as _

ENTRY = b"PK\x01\x02"  # how each entry of the list of contents begins


def open_zip(file: BinaryIO, *, max_files: int) -> zipfile.ZipFile:
    """Raises Refused: no zip file, or more than `max_files` in it."""
    # ZipFile makes an object of each entry before anybody can count them, and the number that the zip itself
    # gives may be wrong.
    if _entries(file) > max_files:
        raise Refused(
            "too_many_files",
            _(
                "There are more than %(max_files)s files in this zip. Split it into several.",
                max_files=format(max_files, ","),
            ),
            field="file",
        )
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError):
        raise Refused("not_a_zip", _("This is not a zip file, or it is damaged."), field="file") from None


def _entries(file: BinaryIO) -> int:
    """At most so many: a zip within the zip is counted too, if it is not compressed again."""
    file.seek(0)
    found, rest = 0, b""
    while block := file.read(2**20):
        found += (rest + block).count(ENTRY)
        rest = block[-len(ENTRY) + 1 :]
    file.seek(0)
    return found


class ManyFiles(zipfile.ZipFile):
    """A zip to write, whose list of contents grows on disk: ZipFile keeps some 400 bytes of each file until
    it is closed. No name may be written twice, since nobody would notice."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, "w", zipfile.ZIP_DEFLATED)
        self.filelist = _OnDisk()  # type: ignore[assignment]
        self.NameToInfo = _Nothing()

    def close(self) -> None:
        super().close()
        self.filelist.file.close()  # type: ignore[attr-defined]


class _OnDisk:
    """The entries of a zip in the order they were written; read once, for the list at its end."""

    KEPT = (
        *("filename", "date_time", "compress_type", "create_system", "create_version", "extract_version"),
        *(
            "flag_bits",
            "internal_attr",
            "external_attr",
            "header_offset",
            "CRC",
            "compress_size",
            "file_size",
        ),
    )

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the zip
        self.length = 0

    def append(self, entry: zipfile.ZipInfo) -> None:
        self.file.write(json.dumps([getattr(entry, name) for name in self.KEPT]) + "\n")
        self.length += 1

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[zipfile.ZipInfo]:
        self.file.seek(0)
        for line in self.file:
            entry = zipfile.ZipInfo()
            for name, value in zip(self.KEPT, json.loads(line), strict=True):
                setattr(entry, name, value)
            yield entry


class _Nothing(dict[str, zipfile.ZipInfo]):
    def __setitem__(self, name: Any, entry: Any) -> None:
        pass
