"""An item of the review queue with everything a decision on it needs, in a constant number of queries."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from reviews.changed_since import changed_since
from reviews.identities import reviewers_shown_to
from reviews.models import Comment
from reviews.queue.drawing import COUNT_LIMIT, Ask, Lease, remaining
from reviews.queue.leases import holder_on
from reviews.queue.reasons import Reason
from tasks.models import Annotation, History, Prediction, Task

from .queue import QueueItemSerializer

NEWEST = 100  # of predictions, comments and rows of history

LEASED = Reason("leased", "Somebody else has this one just now. You may look at it.")
DECIDED = Reason("decided", "This has its verdict already.")
NOT_IN_QUEUE = Reason(
    "not_in_queue", "This waits for nobody's review just now: its task's rules, or its author, come first."
)


@dataclass(frozen=True)
class Found:
    """What there is to show: leased, or only to look at, for a reason."""

    annotation: Annotation
    lease: Lease | None = None
    reason: Reason | None = None


def leased(ask: Ask, lease: Lease) -> Found | None:
    """None: it was deleted or turned into a draft between the lease and this look."""
    annotation = _readable(ask).filter(pk=lease.annotation_id).first()
    return Found(annotation, lease) if annotation else None


def opened(ask: Ask, reason: Reason | None = None) -> Found | None:
    """An annotation of the task asked for, to look at: undecided ones first."""
    found = list(_readable(ask).listed().filter(task=ask.task_id).order_by("id")[:NEWEST])
    if not found:
        return None
    annotation = min(found, key=lambda one: one.standing_review_id is not None or not one.is_reviewable)
    return Found(annotation, reason=reason or _why_not_leased(annotation))


def _why_not_leased(annotation: Annotation) -> Reason:
    if annotation.standing_review_id:
        return DECIDED
    return LEASED if holder_on(annotation) else NOT_IN_QUEUE


def _readable(ask: Ask) -> Any:
    seen = Annotation.objects.visible_to(ask.user).listed()
    task = Task.objects.select_related("project").prefetch_related(
        Prefetch("annotations", seen.select_related("project").order_by("id")),
        Prefetch("reviewed_by", reviewers_shown_to(ask.user)),
        "assignments",
    )
    found = Annotation.objects.visible_to(ask.user).filter(project=ask.project).saying_config_outdated()
    return found.select_related("completed_by", "project").prefetch_related(Prefetch("task", task))


def body(ask: Ask, found: Found, context: dict[str, Any]) -> dict[str, Any]:
    annotation = found.annotation
    comments = (
        Comment.objects.visible_to(ask.user)
        .filter(annotation=annotation)
        .select_related("annotation", "project")
    )
    history = History.objects.visible_to(ask.user).filter(annotation=annotation)
    item = {
        "annotation": annotation,
        "task": annotation.task,
        "predictions": Prediction.objects.filter(task=annotation.task_id).order_by("-id")[:NEWEST],
        "comments": list(comments.order_by("-id")[:NEWEST])[::-1],
        "history": history.select_related("annotation__project", "version").order_by("-id")[:NEWEST],
        "changes": changed_since(annotation).changes,
        "lease": found.lease,
        "queue": found.lease.queue if found.lease else None,
        **counted(ask),
        **({"reason": found.reason.code, "detail": found.reason.detail} if found.reason else {}),
    }
    answer = dict(QueueItemSerializer(item, context=context).data)
    return answer | {"allowed_actions": answer["annotation"]["allowed_actions"]}


def counted(ask: Ask) -> dict[str, Any]:
    left = remaining(ask)
    return (
        {"remaining": COUNT_LIMIT, "remaining_is_estimate": True}
        if left > COUNT_LIMIT
        else {"remaining": left}
    )


def nothing(reason: Reason) -> dict[str, Any]:
    return {"annotation": None, "remaining": 0, "reason": reason.code, "detail": reason.detail}
