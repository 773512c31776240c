"""The two pages with Label Studio's editor, and the numbers they show while one works."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from labelstudio import frontend
from pages.errors import error_page
from reviews.models import Queue
from tasks.models import Annotation, Project
from tasks.roles import may

from . import counts as numbers
from . import plain_review
from .requests import whole_number
from .responses import with_policy_of

QUEUES = [("", "To review"), (Queue.DISPUTES, "Contested"), (Queue.REJECTED, "Rejected")]
REVIEWERS_ONLY = "Reviewing is for the reviewers and managers of this project. Ask one of its managers."


def project_of(request: HttpRequest, pk: int) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), pk=pk)


@never_cache
@login_required
@ensure_csrf_cookie
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The next item from the queue, in the editor; without its files, or with `?plain=1`, on a plain page."""
    project = project_of(request, pk)
    if not may(request.user, "review_annotation", project):  # type: ignore[arg-type]
        return error_page(request, 403, "Not a reviewer here", REVIEWERS_ONLY)
    if "plain" in request.GET or not frontend.is_present():
        return with_policy_of(project, plain_review.review(request, project))
    queue = queue_of(request)
    screen = screen_of(request, project) | {"queue": queue, "task": whole_number(request.GET.get("task"))}
    return editor_page(request, project, "review", "Review", {"screen": screen, "queues": QUEUES})


@never_cache
@login_required
@ensure_csrf_cookie
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """The next task to label, in the editor: returned work first. `?task=` opens one's own work on that task, to answer what was
    said about it; who reviews there and has none comes to the review screen."""
    project = project_of(request, pk)
    if not may(request.user, "annotate", project):  # type: ignore[arg-type]
        raise PermissionDenied
    if not frontend.is_present():
        return render(request, "screens/editor_missing.html", {"project": project}, status=503)
    asked = whole_number(request.GET.get("task"))
    if asked and is_reviewed_by(request.user, project, asked):
        return redirect(f"{reverse('review-screen', args=[project.pk])}?task={asked}")
    reasons = {reason["code"]: reason["text"] for reason in project.reject_reasons}
    screen = screen_of(request, project) | {"task": asked, "reasons": reasons}
    return editor_page(request, project, "label", "Label", {"screen": screen})


def is_reviewed_by(user: Any, project: Project, task: int) -> bool:
    """Others' work, to this person."""
    return (
        may(user, "review_annotation", project)
        and not Annotation.objects.filter(task=task, completed_by=user).exists()
    )


@never_cache
@login_required
def counts(request: HttpRequest, pk: int) -> HttpResponse:
    """`{left, done, total, …}` for the bar above the editor."""
    project = project_of(request, pk)
    if "queue" not in request.GET:
        return JsonResponse(numbers.of_labelling(project, request.user))
    if not may(request.user, "review_annotation", project):  # type: ignore[arg-type]
        raise PermissionDenied
    return JsonResponse(numbers.of_review(project, request.user, queue_of(request) or None))


def editor_page(
    request: HttpRequest, project: Project, name: str, title: str, shown: dict[str, Any]
) -> HttpResponse:
    page = render(request, f"screens/{name}.html", {"project": project, "title": title, **shown})
    return with_policy_of(project, page)


def screen_of(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the scripts of the page read before they ask for anything."""
    return {"project": project.pk, "user": request.user.pk}


def queue_of(request: HttpRequest) -> str:
    """Unasked or unknown: disputes first, then what waits for review."""
    asked = request.GET.get("queue", "")
    return asked if asked in Queue.values and asked != Queue.REVIEW else ""
