"""The text of a file, piece by piece, in the encoding that its first bytes show or its sender names."""

import codecs
import io
from collections.abc import Iterator
from typing import AnyStr, Protocol

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
NOT_SAVED_IN = frozenset(
    {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "utf-7", "undefined", "charmap"}
)


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
            line = self._newlines + _line_ends(error.object[: error.start], b"\n", b"\r") + 1
            raise invalid_import(_undecodable(self.name, self.encoding, line, error))
        self._newlines += _line_ends(text, "\n", "\r")
        return text

    def lines(self) -> Iterator[str]:
        """With their ends: a line feed, a carriage return, or both. Other characters are part of a text."""
        ends = io.IncrementalNewlineDecoder(None, translate=False)  # keeps the two together
        rest: list[str] = []
        length = 0
        while not self.ended:
            for line in io.StringIO(ends.decode(self.read(), final=self.ended), newline=""):
                rest.append(line)
                length += len(line)
                if line.endswith(("\n", "\r")):
                    yield "".join(rest)
                    rest, length = [], 0
            if length > LINE_LIMIT:
                raise invalid_import(
                    _("A line is longer than %(number)s million characters.", number=LINE_LIMIT // 2**20)
                )
        if length:
            yield "".join(rest)


def _line_ends(text: AnyStr, feed: AnyStr, carriage_return: AnyStr) -> int:
    """Each line ends with the one, the other or both, but mostly with the same in the whole text."""
    return max(text.count(feed), text.count(carriage_return))


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
