"""For which project a page is asked."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from tasks.models import Project
from users.requests import user_of


def project_of(request: HttpRequest, pk: int) -> Project:
    """404 if it is not visible to whoever asks."""
    return get_object_or_404(Project.objects.visible_to(user_of(request)), pk=pk)
