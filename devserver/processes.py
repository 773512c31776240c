"""Child processes that never outlive their parent, whatever kills it."""

import contextlib
import ctypes
import os
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
Identity = Callable[[], None]


def enter_user_namespace() -> None:
    """Be uid 1000 in a namespace of our own, because PostgreSQL refuses root. Files stay root's outside."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def succeeds_in_child(attempt: Callable[[], object]) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def user_namespaces_work() -> bool:
    return sys.platform == "linux" and succeeds_in_child(enter_user_namespace)


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


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
    """Start a child in a session of its own, so that Ctrl-C reaches only the parent. Call from the main thread:
    Linux counts a thread that ends as the parent that ended."""
    parent = os.getpid()

    def prepare() -> None:
        os.setsid()
        if identity:
            identity()
        die_with_parent(death, parent)

    with open(log, "ab", opener=private) as out:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout or out,
            stderr=out,
            bufsize=0,
            preexec_fn=prepare,
            pass_fds=keep,
        )


def stop(
    processes: Sequence[subprocess.Popen[bytes]],
    *,
    ask: signal.Signals,
    seconds: float,
    insist: signal.Signals,
) -> None:
    """Ask all of them, wait for all of them, then insist on those that are still there."""
    deadline = time.monotonic() + seconds
    for process in processes:
        process.send_signal(ask)
    for process in processes:
        if not ended(process, before=deadline):
            process.send_signal(insist)
            ended(process, before=time.monotonic() + 1)
        end_group(process.pid)


def ended(process: subprocess.Popen[bytes], *, before: float) -> bool:
    try:
        process.wait(max(0.01, before - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def end_group(leader: int) -> None:
    """A child that was killed may have left children of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
