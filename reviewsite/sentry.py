"""Reports exceptions to Sentry: an optional extra, and nothing about people."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from users.log_context import about


def start(dsn: str, *, release: str) -> None:
    try:
        import sentry_sdk
    except ModuleNotFoundError:
        raise ImproperlyConfigured("SENTRY_DSN needs sentry-sdk: pip install -r requirements-sentry.txt")
    sentry_sdk.init(
        dsn,
        release=release,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=with_context,
    )


def with_context(event: Any, hint: Any) -> Any:
    """The ids of the log, so that one is found by the other; query strings may name people."""
    event.setdefault("tags", {}).update(about())
    event.get("request", {}).pop("query_string", None)
    return event
