"""Review without the editor and without scripts: the result as text and drawings, and a form to decide."""

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
from reviews.identities import visible_actors
from reviews.models import Comment, Queue, QueueEntry, Review
from reviews.queue import leases
from reviews.queue.drawing import QueueRequest, draw, remaining
from reviews.queue.reasons import before_drawing, why_empty
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.concurrency import Seen
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.pseudonyms import identities_in
from users.models import User
from users.requests import parse_id, user_of

from .result_display import answers_of, sources_of

# Session key: the id of the person's last review on this page, for the undo button.
LAST_REVIEW = "last_plain_review"
MAX_SET_ASIDE = 500
DONE = {ActionType.ACCEPTED: "Accepted.", ActionType.REJECTED: "Rejected."}


@dataclass(frozen=True)
class Position:
    """Where the page is in its queue (empty: contested items, then what waits for review), and which
    annotations the person has set aside. All of it is in the address."""

    queue: str = ""
    set_aside: tuple[int, ...] = ()

    @property
    def address(self) -> str:
        query = {"plain": "1", "queue": self.queue, "aside": ",".join(map(str, self.set_aside))}
        return "?" + urlencode({name: value for name, value in query.items() if value})


def position_of(request: HttpRequest) -> Position:
    queue = request.GET.get("queue", "")
    set_aside = tuple(pk for text in request.GET.get("aside", "").split(",") if (pk := parse_id(text)))
    return Position(queue if queue in Queue.values else "", set_aside[-MAX_SET_ASIDE:])


def review(request: HttpRequest, project: Project) -> HttpResponse:
    position = position_of(request)
    if request.method != "POST":
        return show(request, project, position)
    try:
        # Redirect after POST, so that reloading the page does not decide again.
        return redirect(request.path + act(request, project, position).address)
    except Refused as refused:
        return show(request, project, position, refusal=refused.detail, status=refused.status)


def show(
    request: HttpRequest, project: Project, position: Position, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The next item, or why there is none. After a refusal the form keeps what was typed."""
    user = user_of(request)
    queue_request = QueueRequest(project, user, position.queue or None, skipped_ids=position.set_aside)
    reason = before_drawing(queue_request)
    lease = None if reason else draw(queue_request)
    context: dict[str, Any] = {
        "project": project,
        "position": position,
        "refusal": refusal,
        "last_review": request.session.get(LAST_REVIEW),
    }
    if lease is None:
        context["reason"] = reason or why_empty(queue_request)
    else:
        annotation = Annotation.objects.select_related("task", "project", "completed_by").get(
            pk=lease.annotation_id
        )
        context |= {"lease": lease, "left": remaining(queue_request), **item_context(annotation, user)}
    return render(request, "screens/plain_review.html", context, status=status)


def item_context(annotation: Annotation, reader: User) -> dict[str, Any]:
    """The item, its changes since the last verdict, and why its author contests a rejection."""
    project = annotation.project
    return {
        "annotation": annotation,
        "sources": sources_of(project, annotation.task, annotation),
        "answers": answers_of(annotation),
        "changes": changed_since(annotation).changes,
        "dispute": disputes.open_in(project).filter(annotation=annotation).first(),
        "comments": comments_on(annotation, reader),
        "outcomes": reject_buttons(project),
    }


def comments_on(annotation: Annotation, reader: User) -> list[tuple[Comment, str]]:
    """Each comment with its author's name, or "Somebody" where the name is hidden from `reader`."""
    shown, identities = visible_actors(reader, annotation), identities_in(annotation.project_id, reader)
    comments = Comment.objects.visible_to(reader).filter(annotation=annotation).select_related("created_by")
    return [
        (
            one,
            identities.mask_user(one.created_by).get_full_name()
            if shown is None or one.created_by_id in shown
            else "Somebody",
        )
        for one in comments.order_by("id")
    ]


def act(request: HttpRequest, project: Project, position: Position) -> Position:
    """Decide, undo or set aside, as the pressed button says. Returns where to go on. Raises Refused."""
    user, action = user_of(request), request.POST.get("action", "")
    if action == "undo":
        undo_last(request, project, user)
        return position
    visible = Annotation.objects.visible_to(user).filter(project=project)
    annotation = get_object_or_404(visible, pk=parse_id(request.POST.get("annotation")))
    if action == "aside":
        release_own_lease(annotation, user)
        return Position(position.queue, (*position.set_aside, annotation.pk))
    decision = AnnotationReviewService(user).decide(annotation, verdict_request(request, action))
    request.session[LAST_REVIEW] = decision.review.pk
    done = DONE[ActionType(decision.review.verdict)]
    messages.success(request, f"{done} {decision.notice}" if decision.notice else done)
    return position


def verdict_request(request: HttpRequest, action: str) -> VerdictRequest:
    # As an If-Match header: refused if the annotation has changed since the page was shown.
    seen = Seen(if_match=f'"{request.POST.get("seq", "")}"')
    comment = request.POST.get("comment", "")
    if action == "accept":
        return VerdictRequest(ActionType.ACCEPTED, comment=comment, seen=seen)
    return VerdictRequest(
        ActionType.REJECTED,
        comment=comment,
        reason=request.POST.get("reason", ""),
        reject_action=action.removeprefix("reject:") or None,
        seen=seen,
    )


def undo_last(request: HttpRequest, project: Project, user: User) -> None:
    # Whatever comes of it, the button is offered only once.
    last = request.session.pop(LAST_REVIEW, None)
    review = get_object_or_404(Review.objects.filter(project=project), pk=last)
    AnnotationReviewService(user).undo(review)
    messages.success(request, "Undone. The annotation waits for review again.")


def release_own_lease(annotation: Annotation, user: User) -> None:
    entry = QueueEntry.objects.filter(annotation=annotation, leased_to=user).first()
    if entry and entry.lease:
        leases.release(entry.lease)
