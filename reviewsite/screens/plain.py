"""Review without the editor: the result as text and drawings, and forms to decide. No script."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode

from api.editor import reject_buttons
from reviews.decisions import Intent
from reviews.models import Comment, Queue, Review
from reviews.queue import leases
from reviews.queue.drawing import Ask, draw, remaining
from reviews.queue.reasons import before_drawing, why_empty
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.concurrency import Seen
from tasks.errors import Refused
from tasks.models import Annotation, Project

from .readable import lines_of, sources_of

LAST = "last_plain_review"
WORDS = {ActionType.ACCEPTED: "Accepted.", ActionType.REJECTED: "Rejected."}


@dataclass(frozen=True)
class Asked:
    """What the page was asked to show: a queue (empty: disputes, then what waits) without what was put aside."""

    queue: str = ""
    aside: tuple[int, ...] = ()

    @property
    def address(self) -> str:
        named = {"queue": self.queue, "aside": ",".join(map(str, self.aside))}
        return "?" + urlencode({"plain": 1, **{name: value for name, value in named.items() if value}})


def asked_by(request: HttpRequest) -> Asked:
    queue = request.GET.get("queue", "")
    aside = tuple(int(pk) for pk in request.GET.get("aside", "").split(",") if pk.isdecimal())
    return Asked(queue if queue in Queue.values else "", aside[-1000:])


def review(request: HttpRequest, project: Project) -> HttpResponse:
    asked = asked_by(request)
    if request.method == "POST":
        return answer(request, project, asked)
    return show(request, project, asked)


def show(request: HttpRequest, project: Project, asked: Asked, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """The next item, or why there is none. A refused form is shown again with what was typed."""
    ask = Ask(project, request.user, asked.queue or None, aside=asked.aside)
    reason = before_drawing(ask)
    lease = None if reason else draw(ask)
    shown: dict[str, Any] = {"project": project, "asked": asked, "refusal": refusal, "last": request.session.get(LAST)}
    if lease is None:
        shown["reason"] = reason or why_empty(ask)
    else:
        annotation = Annotation.objects.select_related("task", "project", "completed_by").get(pk=lease.annotation_id)
        shown |= {"lease": lease, "left": remaining(ask), **about(project, annotation)}
    return render(request, "screens/plain.html", shown, status=status)


def about(project: Project, annotation: Annotation) -> dict[str, Any]:
    return {
        "annotation": annotation,
        "sources": sources_of(project, annotation.task, annotation),
        "lines": lines_of(annotation),
        "comments": Comment.objects.filter(annotation=annotation, deleted_at=None).select_related("created_by").order_by("id"),
        "outcomes": reject_buttons(project),
    }


def answer(request: HttpRequest, project: Project, asked: Asked) -> HttpResponse:
    """One of the page's buttons was pressed."""
    try:
        return redirect(_do(request, project, asked).address)
    except Refused as refused:
        return show(request, project, asked, refusal=refused.detail, status=refused.status)


def _do(request: HttpRequest, project: Project, asked: Asked) -> Asked:
    """Decide, take back, or put aside. What to show next. Raises Refused."""
    pressed = request.POST.get("press", "")
    if pressed == "undo":
        _undo(request, project)
        return asked
    here = Annotation.objects.visible_to(request.user).filter(project=project)  # type: ignore[arg-type]
    annotation = get_object_or_404(here, pk=request.POST.get("annotation"))
    if pressed == "aside":
        _let_go(request)
        return Asked(asked.queue, (*asked.aside, annotation.pk))
    decision = AnnotationReviewService(request.user).decide(annotation, _intent(request, pressed))
    request.session[LAST] = decision.review.pk
    messages.success(request, " ".join(filter(None, (WORDS[decision.review.verdict], decision.notice))))
    return asked


def _intent(request: HttpRequest, pressed: str) -> Intent:
    seen = Seen(if_match=f'"{request.POST.get("seq", "")}"')
    if pressed == "accept":
        return Intent(ActionType.ACCEPTED, comment=request.POST.get("comment", ""), seen=seen)
    return Intent(
        ActionType.REJECTED,
        comment=request.POST.get("comment", ""),
        reason=request.POST.get("reason", ""),
        reject_action=pressed.removeprefix("reject:") or None,
        seen=seen,
    )


def _undo(request: HttpRequest, project: Project) -> None:
    review = get_object_or_404(Review.objects.filter(project=project), pk=request.session.pop(LAST, None))
    AnnotationReviewService(request.user).undo(review)
    messages.success(request, "Taken back. It waits for a verdict again.")


def _let_go(request: HttpRequest) -> None:
    """Of one's own holding only."""
    lease = UUID(request.POST["lease"])
    held = leases.holder_of(lease)
    if held and held.leased_to_id == request.user.pk:
        leases.release(lease)
