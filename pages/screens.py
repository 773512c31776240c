"""The two pages with Label Studio's editor, and the numbers in the bar above it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from labelstudio import frontend
from reviews.models import Queue
from tasks.models import Annotation, Project
from tasks.roles import may
from users.models import User
from users.requests import parse_id, user_of
from users.sentences import sentence as _

from . import counts, plain_review
from .requests import project_of
from .responses import error_page, with_media_policy

QUEUES = [("", "To review"), (Queue.DISPUTES, "Contested"), (Queue.REJECTED, "Rejected")]
REVIEWERS_ONLY = _(
    "Only reviewers and managers of this project can review. Ask one of its managers for access."
)


# Not cached: the back button must not show a decided item. The cookie is for the CSRF header of the scripts.
@never_cache
@login_required
@ensure_csrf_cookie
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The next item in the editor; without the editor's files, or with `?plain=1`, on a plain page."""
    project = project_of(request, pk)
    if not may(user_of(request), "review_annotation", project):
        return error_page(request, 403, "You are not a reviewer here", REVIEWERS_ONLY)
    if "plain" in request.GET or not frontend.is_present():
        return with_media_policy(plain_review.review(request, project), project)
    queue = queue_of(request)
    screen = screen_data(request, project) | {"queue": queue, "task": parse_id(request.GET.get("task"))}
    return editor_page(request, project, "review", "Review", {"screen": screen, "queues": QUEUES})


@never_cache
@login_required
@ensure_csrf_cookie
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """The next task to label in the editor, returned work first.

    `?task=` opens one's own work on that task, where the comments on it can be answered. Reviewers without
    own work on that task are redirected to the review screen.
    """
    project, user = project_of(request, pk), user_of(request)
    if not may(user, "annotate", project):
        raise PermissionDenied
    # There is no plain page for labelling, so without the editor nothing works here.
    if not frontend.is_present():
        return render(request, "screens/editor_missing.html", {"project": project}, status=503)
    task = parse_id(request.GET.get("task"))
    if task and only_reviews(user, project, task):
        return redirect(f"{reverse('review-screen', args=[project.pk])}?task={task}")
    reasons = project.reasons
    screen = screen_data(request, project) | {"task": task, "reasons": reasons}
    return editor_page(request, project, "label", "Label", {"screen": screen})


def only_reviews(user: User, project: Project, task: int) -> bool:
    """A reviewer without an annotation of their own on this task."""
    has_own_work = Annotation.objects.filter(task=task, completed_by=user).exists()
    return may(user, "review_annotation", project) and not has_own_work


@never_cache
@login_required
def screen_counts(request: HttpRequest, pk: int) -> HttpResponse:
    """`{left, done, total, …}` for the bar above the editor. The review screen passes `?queue=`."""
    project, user = project_of(request, pk), user_of(request)
    if "queue" not in request.GET:
        return JsonResponse(counts.of_labelling(project, user))
    if not may(user, "review_annotation", project):
        raise PermissionDenied
    return JsonResponse(counts.of_review(project, user, queue_of(request) or None))


def editor_page(
    request: HttpRequest, project: Project, name: str, title: str, context: dict[str, Any]
) -> HttpResponse:
    page = render(request, f"screens/{name}.html", {"project": project, "title": title, **context})
    return with_media_policy(page, project)


def screen_data(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the page hands to its scripts as JSON."""
    return {"project": project.pk, "user": request.user.pk}


def queue_of(request: HttpRequest) -> str:
    """The queue in the address; empty means contested items first, then what waits for review."""
    queue = request.GET.get("queue", "")
    return queue if queue in Queue.values and queue != Queue.REVIEW else ""
