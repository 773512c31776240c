"""Settings of gunicorn, the same in the demo and in production; only `bind` is given on the command line."""

import os
import resource
import shutil
import signal
import tempfile
from typing import Any

from reviewsite.parent_death import die_with_parent

# gthread, but slow clients occupy no thread.
worker_class = "reviewsite.webserver.worker.BufferingWorker"
worker_connections = 1000
# A large body or answer of each of them may be a file.
OPEN_FILES = 2 * worker_connections + 200
# Answers go through the worker's buffer.
sendfile = False
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
# Import Django once, not once per worker.
preload_app = True
# The default of 4,094 is too short for the data manager's `query=` parameter.
limit_request_line = 8190
# Longer than browsers and most clients keep an idle connection, so that they never send on a closed one.
keepalive = 75
graceful_timeout = 20
# The default path is the same for all servers of a user.
control_socket_disable = True


# Where web processes keep their numbers for each other (reviewsite/metrics.py).
own_folder = ""
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    own_folder = tempfile.mkdtemp(prefix="countersign-metrics-")
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={own_folder}"] if own_folder else []


def on_exit(server: Any) -> None:
    if own_folder:
        shutil.rmtree(own_folder, ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess  # reads the variable when it is imported

    multiprocess.mark_process_dead(worker.pid)


def post_fork(server: Any, worker: Any) -> None:
    die_with_parent(signal.SIGKILL, server.pid)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
