"""Review without the editor: the result as text and drawings, and forms to decide. No script."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode

from reviews import disputes
from reviews.changed_since import changed_since
from reviews.decisions.request import VerdictRequest
from reviews.editor_options import reject_buttons
from reviews.identities import only_shown
from reviews.models import Comment, Queue, QueueEntry, Review
from reviews.queue import leases
from reviews.queue.drawing import Ask, draw, remaining
from reviews.queue.reasons import before_drawing, why_empty
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.concurrency import Seen
from tasks.errors import Refused
from tasks.models import Annotation, Project

from .requests import whole_number
from .result_display import lines_of, sources_of

LAST = "last_plain_review"
MOST_ASIDE = 500
WORDS = {ActionType.ACCEPTED: "Accepted.", ActionType.REJECTED: "Rejected."}


@dataclass(frozen=True)
class Asked:
    """What the page was asked to show: a queue (empty: disputes, then what waits) without what was put aside."""

    queue: str = ""
    aside: tuple[int, ...] = ()

    @property
    def address(self) -> str:
        named = {"plain": "1", "queue": self.queue, "aside": ",".join(map(str, self.aside))}
        return "?" + urlencode({name: value for name, value in named.items() if value})


def asked_by(request: HttpRequest) -> Asked:
    queue = request.GET.get("queue", "")
    aside = tuple(pk for text in request.GET.get("aside", "").split(",") if (pk := whole_number(text)))
    return Asked(queue if queue in Queue.values else "", aside[-MOST_ASIDE:])


def review(request: HttpRequest, project: Project) -> HttpResponse:
    asked = asked_by(request)
    if request.method == "POST":
        return answer(request, project, asked)
    return show(request, project, asked)


def show(
    request: HttpRequest, project: Project, asked: Asked, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The next item, or why there is none. A refused form is shown again with what was typed."""
    ask = Ask(project, request.user, asked.queue or None, aside=asked.aside)
    reason = before_drawing(ask)
    lease = None if reason else draw(ask)
    shown: dict[str, Any] = {
        "project": project,
        "asked": asked,
        "refusal": refusal,
        "last": request.session.get(LAST),
    }
    if lease is None:
        shown["reason"] = reason or why_empty(ask)
    else:
        annotation = Annotation.objects.select_related("task", "project", "completed_by").get(
            pk=lease.annotation_id
        )
        shown |= {"lease": lease, "left": remaining(ask), **about(annotation, request.user)}
    return render(request, "screens/plain_review.html", shown, status=status)


def about(annotation: Annotation, reader: Any) -> dict[str, Any]:
    """The item, what changed since it was judged, and why its author contests a rejection."""
    project = annotation.project
    return {
        "annotation": annotation,
        "sources": sources_of(project, annotation.task, annotation),
        "lines": lines_of(annotation),
        "changes": changed_since(annotation).changes,
        "dispute": disputes.open_in(project).filter(annotation=annotation).first(),
        "comments": comments_on(annotation, reader),
        "outcomes": reject_buttons(project),
    }


def comments_on(annotation: Annotation, reader: Any) -> list[tuple[Comment, str]]:
    """Each with its author's name, as far as `reader` may learn it."""
    shown = only_shown(reader, annotation)
    found = (
        Comment.objects.visible_to(reader)
        .filter(annotation=annotation)
        .select_related("created_by")
        .order_by("id")
    )
    return [
        (one, one.created_by.get_full_name() if shown is None or one.created_by_id in shown else "Somebody")
        for one in found
    ]


def answer(request: HttpRequest, project: Project, asked: Asked) -> HttpResponse:
    """One of the page's buttons was pressed."""
    try:
        return redirect(request.path + _do(request, project, asked).address)
    except Refused as refused:
        return show(request, project, asked, refusal=refused.detail, status=refused.status)


def _do(request: HttpRequest, project: Project, asked: Asked) -> Asked:
    """Decide, take back, or put aside. What to show next. Raises Refused."""
    pressed = request.POST.get("press", "")
    if pressed == "undo":
        _undo(request, project)
        return asked
    here = Annotation.objects.visible_to(request.user).filter(project=project)  # type: ignore[arg-type]
    annotation = get_object_or_404(here, pk=whole_number(request.POST.get("annotation")))
    if pressed == "aside":
        _let_go(annotation, request.user)
        return Asked(asked.queue, (*asked.aside, annotation.pk))
    decision = AnnotationReviewService(request.user).decide(annotation, _intent(request, pressed))
    request.session[LAST] = decision.review.pk
    messages.success(
        request, " ".join(filter(None, (WORDS[ActionType(decision.review.verdict)], decision.notice)))
    )
    return asked


def _intent(request: HttpRequest, pressed: str) -> VerdictRequest:
    seen = Seen(if_match=f'"{request.POST.get("seq", "")}"')
    if pressed == "accept":
        return VerdictRequest(ActionType.ACCEPTED, comment=request.POST.get("comment", ""), seen=seen)
    return VerdictRequest(
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


def _let_go(annotation: Annotation, user: Any) -> None:
    """Of one's own holding only."""
    held = QueueEntry.objects.filter(annotation=annotation, leased_to=user).first()
    if held and held.lease:
        leases.release(held.lease)
