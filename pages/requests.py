"""Reading requests: who asks, for which project, and ids from addresses and forms."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from tasks.models import Project
from users.models import User


def user_of(request: HttpRequest) -> User:
    """The person who is signed in. Only for views with `login_required`."""
    assert request.user.is_authenticated
    return request.user


def project_of(request: HttpRequest, pk: int) -> Project:
    """404 if it is not visible to whoever asks."""
    return get_object_or_404(Project.objects.visible_to(user_of(request)), pk=pk)


def parse_id(text: str | None) -> int | None:
    """None unless it looks like an id that PostgreSQL can hold."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
