import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.signals import before_task_publish, heartbeat_sent, task_postrun, task_prerun
from django.db import close_old_connections

from users.log_context import about, logged_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewsite.settings")

# A header of messages; Celery has `id` and `headers` of its own.
REQUEST = "asked_by_request"
_running: dict[str | None, AbstractContextManager[None]] = {}  # id of the message → what its lines say

app = Celery("reviewsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
# "tasks" is a domain word here, so Celery code lives in <app>/jobs.py.
app.autodiscover_tasks(related_name="jobs")


@task_prerun.connect
def close_unusable_connections(task: Task | None = None, **_: object) -> None:
    """Django does this at the start of each request; Celery would go on using a closed connection for up to
    CELERY_DB_REUSE_MAX jobs. An eager job shares the connection of its caller."""
    if task is None or not task.request.is_eager:
        close_old_connections()


@before_task_publish.connect
def tell_who_asks(headers: dict[str, Any] | None = None, **_: object) -> None:
    if headers is not None and (request := about().get("request_id")):
        headers[REQUEST] = request


@task_prerun.connect
def log_who_asked(task: Task | None = None, **_: object) -> None:
    """Lines of a job have the id of the request that led to it."""
    if task is not None and not task.request.is_eager:
        logged = logged_with(request_id=task.request.get(REQUEST))
        logged.__enter__()
        _running[task.request.id] = logged


@task_postrun.connect
def log_it_no_more(task: Task | None = None, **_: object) -> None:
    if task is not None and (logged := _running.pop(task.request.id, None)):
        logged.__exit__(None, None, None)


@heartbeat_sent.connect
def touch_alive_file(**_: object) -> None:
    """For the health check of a container, which would have to start all of Django to ask the worker."""
    if path := os.environ.get("ALIVE_FILE"):
        Path(path).touch()
