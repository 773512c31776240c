from devserver.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "bench.chaos.naive.apps.NaiveConfig"]  # noqa: F405
CELERY_TASK_ROUTES = {"bench.chaos.naive.jobs.*": {"queue": "deliver"}, **CELERY_TASK_ROUTES}  # noqa: F405
