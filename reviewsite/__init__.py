"""Puts the apps together: settings, urls, Celery, errors, middleware, health, sign-on. Knows every app below."""

from .celery import app as celery_app

__all__ = ["celery_app"]
