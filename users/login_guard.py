"""At most LOGIN_TRIES password checks per e-mail and time window, also if a thousand arrive at once."""

import hashlib

from django.conf import settings
from django.db import connection

from .models import LoginTry

COUNT_TRY = """
    INSERT INTO users_logintry AS t (email_hash, since, tries) VALUES (%(key)s, now(), 1)
    ON CONFLICT (email_hash) DO UPDATE SET
        tries = CASE WHEN t.since < now() - %(window)s * interval '1 second' THEN 1 ELSE t.tries + 1 END,
        since = CASE WHEN t.since < now() - %(window)s * interval '1 second' THEN now() ELSE t.since END
    RETURNING tries, extract(epoch FROM since + %(window)s * interval '1 second' - now())
"""


def _key(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def seconds_to_wait(email: str) -> int:
    """Count an attempt for `email`. Zero if it is allowed, else the seconds until the next window."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_TRY, {"key": _key(email), "window": settings.LOGIN_WINDOW_SECONDS})
        tries, left = cursor.fetchone()
    return max(1, int(left)) if tries > settings.LOGIN_TRIES else 0


def forget(email: str) -> None:
    LoginTry.objects.filter(email_hash=_key(email)).delete()
