"""Runs at the start of a worker whose PYTHONPATH names this folder: CHAOS_CLOCK moves its clock by so many
seconds, CHAOS_POISON kills it when it is about to send that text."""

import os
import signal
from datetime import UTC, datetime, timedelta

if os.environ.get("CHAOS_CLOCK"):
    import time_machine

    shift = timedelta(seconds=float(os.environ["CHAOS_CLOCK"]))
    time_machine.travel(datetime.now(UTC) + shift, tick=True).start()

if os.environ.get("CHAOS_POISON"):
    from http.client import HTTPConnection

    _poison, _request = os.environ["CHAOS_POISON"].encode(), HTTPConnection.request

    def request(self, method, url, body=None, *args, **kwargs):
        if isinstance(body, bytes) and _poison in body:
            os.kill(os.getpid(), signal.SIGKILL)
        return _request(self, method, url, body, *args, **kwargs)

    HTTPConnection.request = request  # type: ignore[method-assign]
