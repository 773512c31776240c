"""The text of a file, piece by piece, in the encoding that its first bytes show or its sender names."""

import codecs
from collections.abc import Iterator
from typing import Protocol

from users.sentences import sentence as _

from .problems import invalid_import

CHUNK = 2**20
LINE_LIMIT = 16 * 2**20  # characters
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, which begins alike
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# These decode escapes, not a text that somebody saved.
NOT_SAVED_IN = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "utf-7", "undefined"})


class Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class TextStream:
    """`encoding` is what the sender names; a byte order mark is believed before it."""

    def __init__(self, stream: Stream, encoding: str = "", *, name: str = ""):
        self.stream, self.name = stream, name
        self._first = stream.read(CHUNK)
        self.encoding = _marked(self._first) or encoding or _unmarked(self._first)
        self._decoder = codecs.getincrementaldecoder(self.encoding)()
        self._newlines = 0
        self.ended = False

    def first_character(self) -> str:
        """That is not white space, or "". Before anything else is read."""
        decode = codecs.getincrementaldecoder(self.encoding)("ignore").decode
        return decode(self._first[:4096]).lstrip()[:1]

    def read(self, size: int = CHUNK) -> str:
        """The next characters. There may be none before the end (`ended`), if a character is cut in two."""
        raw, self._first = self._first or self.stream.read(size), b""
        self.ended = not raw
        try:
            text = self._decoder.decode(raw, final=self.ended)
        except UnicodeDecodeError as error:
            line = self._newlines + error.object[: error.start].count(b"\n") + 1
            raise invalid_import(_undecodable(self.name, self.encoding, line, error))
        self._newlines += text.count("\n")
        return text

    def lines(self) -> Iterator[str]:
        """With their ends. Only a line feed ends a line: in a text, other characters are part of it."""
        rest: list[str] = []
        length = 0
        while not self.ended:
            *whole, last = self.read().split("\n")
            for line in whole:
                yield "".join(rest) + line + "\n"
                rest, length = [], 0
            rest.append(last)
            length += len(last)
            if length > LINE_LIMIT:
                raise invalid_import(
                    _("A line is longer than %(number)s million characters.", number=LINE_LIMIT // 2**20)
                )
        if length:
            yield "".join(rest)


def codec_named(name: str) -> str:
    """The encoding of that name, as Python calls it. Raises Refused."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        found = None
    if found is None or not found._is_text_encoding or found.name in NOT_SAVED_IN:  # type: ignore[attr-defined]
        raise invalid_import(
            _(
                "encoding=%(name)s is not known. Known are utf-8, utf-16, windows-1252, gb18030, shift_jis …",
                name=name[:40],
            ),
            field="encoding",
        )
    return found.name


def _marked(head: bytes) -> str:
    return next((encoding for mark, encoding in BOMS if head.startswith(mark)), "")


def _unmarked(head: bytes) -> str:
    """UTF-8, unless every other byte is zero: then it is UTF-16 that begins without a mark."""
    sample = head[:1000]
    zeros = (sample[::2].count(0), sample[1::2].count(0))
    if len(sample) >= 4 and max(zeros) > len(sample) // 4 and min(zeros) == 0:
        return "utf-16-le" if zeros[1] else "utf-16-be"
    return "utf-8"


def _undecodable(name: str, encoding: str, line: int, error: UnicodeDecodeError) -> str:
    called = "UTF-8" if encoding.startswith("utf-8") else encoding
    return _(
        "%(name)s is not %(called)s: line %(line)s: %(reason)s. Save it as UTF-8, or name its "
        "encoding, for example ?encoding=windows-1252 or gb18030.",
        name=name or _("The file"),
        called=called,
        line=line,
        reason=error.reason,
    )
