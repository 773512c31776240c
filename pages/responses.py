"""Responses that several pages share."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from labelstudio.content_security import with_origins
from tasks.models import Project


def error_page(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "message": message}, status=status)


def with_media_policy(response: HttpResponse, project: Project) -> HttpResponse:
    """Let the page load images, video and audio from the project's own hosts (CSP)."""
    return with_origins(response, project.media_origins)
