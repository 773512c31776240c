"""The site: settings, urls, Celery, errors, middleware, health, sign-on. It knows all apps below it."""

from .celery import app as celery_app

__all__ = ["celery_app"]
