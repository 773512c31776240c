"""When `make run` is to stop: at a signal, when its terminal is gone, when make was interrupted.

A stop takes effect in `pause`, and nowhere else: a signal handler that raised might do so with a lock in its hands.
"""

import contextlib
import os
import select
import signal
import sys
from pathlib import Path

_asked: list[int] = []


def heed_stops() -> None:
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Under nohup the hang-up is ignored already, and so it stays.
        if sig != signal.SIGHUP or signal.getsignal(sig) != signal.SIG_IGN:
            signal.signal(sig, lambda received, _: _asked.append(received))


def pause(seconds: float) -> None:
    """Sleep, and leave when it is time to stop."""
    terminal = select.poll()
    if sys.stdin and sys.stdin.isatty():
        terminal.register(sys.stdin, 0)
    hung_up = terminal.poll(seconds * 1000)
    if _asked or hung_up or caught_by_parent() != _caught_at_start:
        raise SystemExit(0)


def caught_by_parent() -> int:
    """The bits of SIGINT and SIGHUP while our parent handles them. make drops the handler of the one that it got
    and then waits for us, without telling us."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{os.getppid()}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) & (1 << signal.SIGINT - 1 | 1 << signal.SIGHUP - 1)
    return 0


_caught_at_start = caught_by_parent()
