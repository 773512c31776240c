import os
from pathlib import Path

from celery import Celery, Task
from celery.signals import heartbeat_sent, task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewsite.settings")

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


@heartbeat_sent.connect
def touch_alive_file(**_: object) -> None:
    """For the health check of a container, which would have to start all of Django to ask the worker."""
    if path := os.environ.get("ALIVE_FILE"):
        Path(path).touch()
