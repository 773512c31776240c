import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewsite.settings")
application = get_wsgi_application()


def limit_lock_waits() -> None:
    """Requests give up on a locked row after a while; jobs and commands wait for it."""
    from django.conf import settings

    from reviewsite.postgresql.base import DatabaseWrapper

    DatabaseWrapper.lock_timeout_ms = settings.LOCK_TIMEOUT_MS


limit_lock_waits()
