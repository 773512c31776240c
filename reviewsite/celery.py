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
def close_unusable_connections(task: Task | None = None, **_: object) -> None:
    """Django does this at the start of each request; Celery would go on using a closed connection for up to
    CELERY_DB_REUSE_MAX jobs. An eager job shares the connection of its caller."""
    if task is None or not task.request.is_eager:
        close_old_connections()
