"""The processes of `make run` and `make test`: children that never outlive their parent, and when we must
stop ourselves.

A request to stop (a signal, a closed terminal, an interrupted make) takes effect in `pause` and nowhere else:
a signal handler that raised could do so while a lock is held.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reviewsite.parent_death import die_with_parent, libc

CLONE_NEWUSER = 0x10000000
NOBODY = 65534

Command = Sequence[str | Path]
# Changes the user of a child between fork and exec.
Identity = Callable[[], None]

_received_signals: list[int] = []


def install_stop_handlers() -> None:
    """From now on `pause` ends this process after SIGINT, SIGTERM or SIGHUP."""
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has made us ignore SIGHUP, and that must stay so.
        if sig != signal.SIGHUP or signal.getsignal(sig) != signal.SIG_IGN:
            signal.signal(sig, lambda received, _: _received_signals.append(received))


def pause(seconds: float) -> None:
    """Sleep; exit when asked to stop."""
    terminal = select.poll()
    if sys.stdin and sys.stdin.isatty():
        terminal.register(sys.stdin, 0)
    # With no events registered, poll still reports a hang-up of the terminal.
    hung_up = terminal.poll(seconds * 1000)
    if _received_signals or hung_up or signals_handled_by_parent() != _handled_at_start:
        raise SystemExit(0)


def signals_handled_by_parent() -> int:
    """The bits of SIGINT and SIGHUP while our parent has handlers for them. When make is interrupted it
    removes that handler and waits for us, without passing the signal on: this is how we notice."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{os.getppid()}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) & (1 << signal.SIGINT - 1 | 1 << signal.SIGHUP - 1)
    return 0


_handled_at_start = signals_handled_by_parent()


def spawn(
    command: Command,
    *,
    log: Path,
    env: Mapping[str, str],
    death: signal.Signals = signal.SIGKILL,
    identity: Identity | None = None,
    keep: Sequence[int] = (),
    stdout: int | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child that gets `death` when we end and inherits the file descriptors `keep`.

    It has a session of its own, so that Ctrl-C reaches only us. Call this from the main thread: Linux sends
    the signal when the thread that forked ends, not the process.
    """
    parent = os.getpid()

    def before_exec() -> None:
        os.setsid()
        if identity:
            identity()
        # After the change of user, which would clear it.
        die_with_parent(death, parent)

    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout or out,
            stderr=out,
            bufsize=0,
            preexec_fn=before_exec,
            pass_fds=keep,
        )


def stop(
    processes: Sequence[subprocess.Popen[bytes]],
    *,
    ask: signal.Signals,
    seconds: float,
    insist: signal.Signals,
) -> None:
    """Send `ask` to all, wait up to `seconds` for all, then send `insist` to those still running."""
    deadline = time.monotonic() + seconds
    for process in processes:
        process.send_signal(ask)
    for process in processes:
        if not ended(process, before=deadline):
            process.send_signal(insist)
            ended(process, before=time.monotonic() + 1)
        kill_group(process.pid)


def ended(process: subprocess.Popen[bytes], *, before: float) -> bool:
    try:
        process.wait(max(0.01, before - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def kill_group(leader: int) -> None:
    """A child that was killed may have left children of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


# --- running PostgreSQL as root -----------------------------------------------------------------


def enter_user_namespace() -> None:
    """Become uid 1000 in a user namespace, because PostgreSQL refuses root. Files still belong to root."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    # Linux accepts a gid_map from an unprivileged process only after setgroups is denied.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def user_namespaces_work() -> bool:
    return sys.platform == "linux" and succeeds_in_child(enter_user_namespace)


def succeeds_in_child(attempt: Callable[[], object]) -> bool:
    """Try something that changes a whole process, in one that is thrown away."""
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
