"""A process that ends with its parent, whatever kills that."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# Loaded before any fork: dlopen between fork and exec may deadlock.
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig: signal.Signals, parent: int) -> None:
    """Ask Linux to send us `sig` when the parent ends. Any later change of user would clear this."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, int(sig))
    if os.getppid() != parent:
        os._exit(1)
