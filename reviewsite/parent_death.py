"""Makes a process end with its parent, however the parent ends."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# Loaded here, because dlopen between fork and exec may deadlock.
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig: signal.Signals, parent: int) -> None:
    """Ask Linux to send us `sig` when the parent ends. A later change of user would clear the request."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, int(sig))
    # The parent may have ended before the call.
    if os.getppid() != parent:
        os._exit(1)
