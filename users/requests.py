"""Reading requests: who asks, and ids from addresses and forms."""

from django.http import HttpRequest

from .models import User


def user_of(request: HttpRequest) -> User:
    """The person who is signed in. Only for views with `login_required`."""
    assert request.user.is_authenticated
    return request.user


def parse_id(text: str | None) -> int | None:
    """None unless it looks like an id that PostgreSQL can hold."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
