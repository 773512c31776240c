"""Opens a zip file that somebody sent, unless reading its list of contents alone would be too much."""

import zipfile
from typing import BinaryIO

from tasks.errors import Refused

# Of the list of contents, for each file: 46 bytes, a path, and what programs add about times and owners.
ENTRY_BYTES = 1024


def open_zip(file: BinaryIO, *, max_files: int) -> zipfile.ZipFile:
    """Raises Refused: no zip file, or more than `max_files` in it."""
    try:
        # ZipFile makes an object of each entry before anybody can count them, a million from a few megabytes.
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if end is not None and end[zipfile._ECD_SIZE] > max_files * ENTRY_BYTES:  # type: ignore[attr-defined]
            raise _too_many(max_files)
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError):
        raise Refused("not_a_zip", "This is not a zip file, or it is damaged.", field="file") from None
    if len(archive.infolist()) > max_files:
        raise _too_many(max_files)
    return archive


def _too_many(max_files: int) -> Refused:
    return Refused(
        "too_many_files",
        f"There are more than {max_files:,} files in this zip. Split it into several.",
        field="file",
    )
