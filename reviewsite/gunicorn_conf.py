"""gunicorn, the same in the demo and in production; only `bind` comes from outside."""

import os
import signal
from typing import Any

from reviewsite.parent_death import die_with_parent

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
# One import of Django instead of one a worker.
preload_app = True
# The default of 4,094 is too short for the data manager's `query=`.
limit_request_line = 8190
# Longer than a browser and most clients hold an idle connection, or they meet a closed one.
keepalive = 75
graceful_timeout = 20
# Its default is one file for all servers of a user.
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    die_with_parent(signal.SIGKILL, server.pid)
