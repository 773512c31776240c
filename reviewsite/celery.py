import os

from celery import Celery, Task
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewsite.settings")

app = Celery("reviewsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
# "tasks" is a domain word here, so Celery code lives in <app>/jobs.py.
app.autodiscover_tasks(related_name="jobs")


@task_prerun.connect
def drop_dead_connection(task: Task | None = None, **_: object) -> None:
    """What a request does at its start. Celery itself keeps a connection that PostgreSQL has cut for CELERY_DB_REUSE_MAX jobs.
    A job that is run in place has the caller's connection.
    """
    if task is None or not task.request.is_eager:
        close_old_connections()
