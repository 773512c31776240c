import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewsite.settings")

app = Celery("reviewsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
# "tasks" is a domain word here, so Celery code lives in <app>/jobs.py.
app.autodiscover_tasks(related_name="jobs")
