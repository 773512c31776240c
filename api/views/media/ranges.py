"""Byte ranges (RFC 9110 §14). Media players ask for one range; for anything else the whole file is sent."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """No byte of the range is in the file."""


@dataclass(frozen=True)
class ByteRange:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str, size: int) -> ByteRange | None:
    """None for the whole file: no range, several ranges, or an invalid one. Raises Unsatisfiable."""
    match = _ONE_RANGE.fullmatch(header.strip())
    if match is None or match[0].endswith("=-"):
        return None
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)


def _suffix(count: int, size: int) -> ByteRange:
    """`bytes=-500`: the last 500."""
    if count == 0 or size == 0:
        raise Unsatisfiable
    return ByteRange(max(size - count, 0), size - 1)
