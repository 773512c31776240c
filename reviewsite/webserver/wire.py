"""What gunicorn's thread takes for the socket: reading never waits, and writing waits for a slow client only
beyond ANSWER_LIMIT."""

import errno
import socket
from collections.abc import Callable
from threading import Condition

from .request import IncomingRequest
from .spool import Spool

ANSWER_LIMIT = 256 * 2**20
CHUNK = 64 * 2**10


class Wire:
    def __init__(self, sock: socket.socket, on_backlog: Callable[[], None]) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.request = IncomingRequest()
        self.backlog = Spool()
        self.sent = 0
        """Bytes sent since there was last no backlog."""
        self.is_broken = False
        self._on_backlog = on_backlog
        self._changed = Condition()

    # --- in the thread of a request -------------------------------------------------------------

    def recv(self, size: int) -> bytes:
        return self.request.read(size)

    def sendall(self, data: bytes) -> None:
        with self._changed:
            rest = memoryview(data)
            if not self.backlog:
                rest = self._send(rest)
                if rest:
                    self._on_backlog()
            self.backlog.write(rest)
            while self.backlog.size > ANSWER_LIMIT and not self.is_broken:
                self._changed.wait()
            if self.is_broken:
                raise BrokenPipeError(errno.EPIPE, "The client is gone, or too slow.")

    def send(self, data: bytes) -> int:
        """gunicorn sends nothing by this but `100 Continue`, which the client got before its body came."""
        return len(data)

    def _send(self, data: memoryview) -> memoryview:
        while data:
            try:
                data = data[self.socket.send(data) :]
            except (BlockingIOError, InterruptedError):
                break
        return data

    def gettimeout(self) -> None:
        return None

    def settimeout(self, seconds: float | None) -> None:
        pass

    def setblocking(self, blocking: bool) -> None:
        pass

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        """The loop closes the socket, once what is left has been sent."""

    # --- in the loop ----------------------------------------------------------------------------

    def flush(self) -> None:
        """Send what the client takes now. Raises OSError when it is gone."""
        with self._changed:
            while part := self.backlog.peek(CHUNK):
                taken = len(part) - len(self._send(memoryview(part)))
                if not taken:
                    return
                self.backlog.skip(taken)
                self.sent += taken
            self.sent = 0
            self._changed.notify_all()

    def fail(self) -> None:
        """Whoever writes from now on, or waits to, gets an error."""
        with self._changed:
            self.is_broken = True
            self.backlog.clear()
            self._changed.notify_all()
