"""Opens a zip file that somebody sent, unless reading its list of contents alone would be too much."""

import zipfile
from typing import BinaryIO

from tasks.errors import Refused

ENTRY = b"PK\x01\x02"  # how each entry of the list of contents begins


def open_zip(file: BinaryIO, *, max_files: int) -> zipfile.ZipFile:
    """Raises Refused: no zip file, or more than `max_files` in it."""
    # ZipFile makes an object of each entry before anybody can count them, and the number that the zip itself
    # gives may be wrong.
    if _entries(file) > max_files:
        raise Refused(
            "too_many_files",
            f"There are more than {max_files:,} files in this zip. Split it into several.",
            field="file",
        )
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError):
        raise Refused("not_a_zip", "This is not a zip file, or it is damaged.", field="file") from None


def _entries(file: BinaryIO) -> int:
    """At most so many: a zip within the zip is counted too, if it is not compressed again."""
    file.seek(0)
    found, rest = 0, b""
    while block := file.read(2**20):
        found += (rest + block).count(ENTRY)
        rest = block[-len(ENTRY) + 1 :]
    file.seek(0)
    return found
