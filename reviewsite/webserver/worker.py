"""The worker class of gunicorn. All of it runs in the main thread, but gunicorn's `handle`."""

import errno
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from enum import Enum
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from reviewsite.error_body import body as error_body

from .request import HeadTooLarge, IncomingRequest
from .wire import CHUNK, Wire

HEAD_SECONDS = 10
# A body or an answer may take so long, and a second more for each RATE bytes of it.
BODY_SECONDS = 20
ANSWER_SECONDS = 60
RATE = 1024
LINGER_SECONDS = 2
CHECK_SECONDS = 0.5
# Of one connection, before the others have their turn.
READS = 8

TOO_SLOW = (408, "Request Timeout", "too_slow", "The request did not arrive in time. Send it again.")
TOO_LONG = (
    431,
    "Request Header Fields Too Large",
    "head_too_large",
    "The address and the headers are too long together.",
)


class Phase(Enum):
    IDLE = "no byte of the next request has come"
    HEAD = "its head is arriving"
    BODY = "its body is arriving"
    BUSY = "a thread has it"
    ANSWER = "what the thread has left is being sent"
    CLOSING = "we have closed our side"
    CLOSED = "both are closed"


RECEIVING = (Phase.IDLE, Phase.HEAD, Phase.BODY)


class Connection(TConn):
    def __init__(self, cfg: Any, wire: Wire, client: Any, server: Any) -> None:
        super().__init__(cfg, wire, client, server)
        self.wire = wire
        self.request = wire.request
        # There is no other wait for data: gunicorn's own would occupy a thread.
        self.data_ready = True
        self.rest = b""
        self.is_kept = False
        self.watched = 0
        self.enter(Phase.HEAD)

    def enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, time.monotonic()

    @property
    def deadline(self) -> float:
        if self.phase is Phase.IDLE:
            return self.since + self.cfg.keepalive
        if self.phase is Phase.HEAD:
            return self.since + HEAD_SECONDS
        if self.phase is Phase.BODY:
            return self.since + BODY_SECONDS + self.request.received / RATE
        if self.phase is Phase.CLOSING:
            return self.since + LINGER_SECONDS
        if self.wire.backlog:
            return self.since + ANSWER_SECONDS + self.wire.sent / RATE
        return float("inf")


class BufferingWorker(ThreadWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: set[Connection] = set()
        self.stop_receiving_at = float("inf")
        self.checked_at = 0.0

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                raise
            return
        # The wire asks for its connection's turn only when a thread writes, long after this.
        wire = Wire(sock, on_backlog=lambda: self.method_queue.defer(self._backlog, conn))
        conn = Connection(self.cfg, wire, client, listener.getsockname())
        self.connections.add(conn)
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._attempt(conn, self._receive)

    def _make_room(self) -> None:
        """Close the connection that has waited longest without a whole head."""
        waiting = [c for c in self.connections if c.phase in (Phase.IDLE, Phase.HEAD)]
        if waiting:
            self._close(min(waiting, key=lambda conn: conn.since))

    # --- receiving ------------------------------------------------------------------------------

    def _receive(self, conn: Connection) -> None:
        for _ in range(READS):
            try:
                data = conn.wire.socket.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                break
            if not data:
                self._close(conn)
                return
            if not self._feed(conn, data):
                return
        self._watch(conn, EVENT_READ)

    def _feed(self, conn: Connection, data: bytes) -> bool:
        """Whether the request needs more."""
        if conn.phase is Phase.IDLE:
            conn.enter(Phase.HEAD)
        try:
            conn.rest = conn.request.feed(data)
        except HeadTooLarge:
            self._refuse(conn, *TOO_LONG)
            return False
        if conn.request.is_whole:
            conn.enter(Phase.BUSY)
            self._watch(conn, 0)
            self.enqueue_req(conn)
            return False
        if conn.phase is Phase.HEAD and conn.request.missing:
            conn.enter(Phase.BODY)
            if conn.request.expects_continue:
                conn.wire.socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _next(self, conn: Connection) -> None:
        conn.request = conn.wire.request = IncomingRequest()
        conn.enter(Phase.IDLE)
        if not conn.rest or self._feed(conn, conn.rest):
            self._watch(conn, EVENT_READ)

    def _refuse(self, conn: Connection, status: int, reason: str, code: str, detail: str) -> None:
        """An answer of our own, if the client still takes one."""
        body = json.dumps(error_body(status, detail, code))
        head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        with suppress(OSError):
            conn.wire.socket.send(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        self._linger(conn)

    # --- sending --------------------------------------------------------------------------------

    def finish_request(self, conn: Connection, future: "Future[bool]") -> None:
        succeeded = not future.cancelled() and not future.exception() and future.result()
        unread = conn.parser and conn.parser.unreader.buf.getvalue()
        conn.is_kept = bool(succeeded) and not (conn.request.is_last or unread)
        conn.request.close()
        if conn.wire.is_broken:
            conn.phase = Phase.ANSWER
            self._close(conn)
            return
        conn.phase = Phase.ANSWER  # `since` is when the backlog began
        self._attempt(conn, self._flush)

    def _backlog(self, conn: Connection) -> None:
        if conn.phase in (Phase.BUSY, Phase.ANSWER):
            conn.since = time.monotonic()
            self._attempt(conn, self._flush)

    def _flush(self, conn: Connection) -> None:
        conn.wire.flush()
        if conn.wire.backlog:
            self._watch(conn, EVENT_WRITE)
        elif conn.phase is Phase.BUSY:
            self._watch(conn, 0)
        elif conn.is_kept:
            self._next(conn)
        else:
            self._linger(conn)

    # --- closing --------------------------------------------------------------------------------

    def _linger(self, conn: Connection) -> None:
        """Close our side and read off what comes, or the client may lose the end of its answer."""
        with suppress(OSError):
            conn.wire.socket.shutdown(socket.SHUT_WR)
        conn.enter(Phase.CLOSING)
        self._watch(conn, EVENT_READ)

    def _read_off(self, conn: Connection) -> None:
        if not conn.wire.socket.recv(CHUNK):
            self._close(conn)

    def _close(self, conn: Connection) -> None:
        self._watch(conn, 0)
        conn.wire.fail()
        if conn.phase is Phase.BUSY:
            return  # its thread ends at its next write, and then `finish_request` closes
        if conn.phase is not Phase.CLOSED:
            conn.enter(Phase.CLOSED)
            self.connections.discard(conn)
            self.nr_conns -= 1
            conn.request.close()
            conn.wire.socket.close()

    def murder_keepalived(self, force: bool = False) -> None:
        """gunicorn calls it in every round of its loop: close what has exceeded its time."""
        now = time.monotonic()
        if not force and now - self.checked_at < CHECK_SECONDS:
            return
        self.checked_at = now
        for conn in list(self.connections):
            stop = self.stop_receiving_at if conn.phase in RECEIVING else float("inf")
            if force or now > min(conn.deadline, stop):
                self._expire(conn)

    def _expire(self, conn: Connection) -> None:
        if conn.phase is Phase.BODY or (conn.phase is Phase.HEAD and conn.request.head):
            self._refuse(conn, *TOO_SLOW)
        else:
            self._close(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        self.stop_receiving_at = deadline

    # --- the loop -------------------------------------------------------------------------------

    def _watch(self, conn: Connection, events: int) -> None:
        if events == conn.watched:
            return
        if not events:
            self.poller.unregister(conn.wire.socket)
        elif conn.watched:
            self.poller.modify(conn.wire.socket, events, partial(self._on_ready, conn))
        else:
            self.poller.register(conn.wire.socket, events, partial(self._on_ready, conn))
        conn.watched = events

    def _on_ready(self, conn: Connection, _: Any) -> None:
        if conn.phase in RECEIVING:
            self._attempt(conn, self._receive)
        elif conn.phase is Phase.CLOSING:
            self._attempt(conn, self._read_off)
        elif conn.phase is not Phase.CLOSED:
            self._attempt(conn, self._flush)

    def _attempt(self, conn: Connection, act: Callable[[Connection], None]) -> None:
        """One connection must not end the loop of all: its client is gone, or the disk is full."""
        try:
            act(conn)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.log.debug("connection lost: %s", error)
            self._close(conn)
        except Exception:
            self.log.exception("Error in a connection")
            self._close(conn)
