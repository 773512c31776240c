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
    import requests

    _poison, _post = os.environ["CHAOS_POISON"].encode(), requests.Session.post

    def post(self, url, data=None, json=None, **kwargs):
        if isinstance(data, bytes) and _poison in data:
            os.kill(os.getpid(), signal.SIGKILL)
        return _post(self, url, data=data, json=json, **kwargs)

    requests.Session.post = post  # type: ignore[method-assign]
