"""For the worker whose PYTHONPATH names this folder: a clock that is wrong by CHAOS_CLOCK seconds, or a CHAOS_POISON that
kills the process which is about to post it."""

import os
import signal
from datetime import UTC, datetime, timedelta

if os.environ.get("CHAOS_CLOCK"):
    import time_machine

    shift = timedelta(seconds=float(os.environ["CHAOS_CLOCK"]))
    time_machine.travel(datetime.now(UTC) + shift, tick=True).start()

if os.environ.get("CHAOS_POISON"):
    from urllib3.connection import HTTPConnection

    _poison, _request = os.environ["CHAOS_POISON"].encode(), HTTPConnection.request

    def request(self, method, url, body=None, *args, **kwargs):
        if isinstance(body, bytes) and _poison in body:
            os.kill(os.getpid(), signal.SIGKILL)
        return _request(self, method, url, body, *args, **kwargs)

    HTTPConnection.request = request  # type: ignore[method-assign]
