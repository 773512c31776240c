"""A request while its bytes arrive: where its head ends, and how long its body is."""

import re
from urllib.parse import unquote

from django.conf import settings

from reviewsite.body_limits import body_limit

from .spool import Spool

HEAD_LIMIT = 64 * 2**10
END_OF_HEAD = b"\r\n\r\n"
FRAMING = re.compile(rb"^[ \t]*(?:content-length|transfer-encoding)\b", re.IGNORECASE | re.MULTILINE)
CONTENT_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
EXPECTS_CONTINUE = re.compile(rb"^expect:[ \t]*100-continue[ \t]*\r$", re.IGNORECASE | re.MULTILINE)


class HeadTooLarge(Exception):
    pass


class IncomingRequest:
    """Says only when a request is whole; gunicorn parses it. What this does not understand is passed on
    without a body, as the last request of its connection."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.body = Spool()
        self.received = 0
        self.missing: int | None = None
        """Bytes of the body that have not arrived; None until the head has."""
        self.is_last = False
        self.expects_continue = False
        self._is_stored = True
        self._head_read = 0

    @property
    def is_whole(self) -> bool:
        return self.missing == 0

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to this request. Returns the rest, which begins the next one."""
        if self.missing is None:
            searched = max(len(self.head) - len(END_OF_HEAD) + 1, 0)
            self.head += data
            end = self.head.find(END_OF_HEAD, searched)
            if (len(self.head) if end < 0 else end) > HEAD_LIMIT:
                raise HeadTooLarge
            if end < 0:
                return b""
            data = bytes(self.head[end + len(END_OF_HEAD) :])
            del self.head[end + len(END_OF_HEAD) :]
            self.missing = self._length_of_body()
        taken = data[: self.missing]
        if self._is_stored:
            self.body.write(taken)
        self.received += len(taken)
        self.missing -= len(taken)
        return data[len(taken) :]

    def read(self, size: int) -> bytes:
        """For the parser. One call never returns bytes of both head and body; empty when all was read."""
        if self._head_read < len(self.head):
            part = bytes(self.head[self._head_read : self._head_read + size])
            self._head_read += len(part)
            return part
        return self.body.read(size)

    def close(self) -> None:
        self.body.clear()

    def _length_of_body(self) -> int:
        framing, lengths = FRAMING.findall(self.head), CONTENT_LENGTH.findall(self.head)
        if not framing:
            return 0
        if not len(framing) == len(lengths) == 1:  # chunked, or two readers might understand two lengths
            self.is_last = True
            return 0
        length = int(lengths[0])
        self.expects_continue = bool(EXPECTS_CONTINUE.search(self.head))
        if length <= body_limit(self._path()):
            return length
        # The middleware answers 413. Without this the client would see a reset instead.
        self.is_last, self._is_stored = True, False
        return 0 if self.expects_continue else min(length, settings.API_BODY_DISCARD_LIMIT)

    def _path(self) -> str:
        target = self.head.split(b" ", 2)[1:2]
        return unquote(bytes(target[0]).decode("latin-1").partition("?")[0]) if target else ""
