"""An item of the review queue with everything a decision on it needs, in a constant number of queries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reviews.changed_since import changed_since
from reviews.models import Comment
from reviews.queue.drawing import COUNT_LIMIT, Lease, QueueRequest, remaining
from reviews.queue.leases import holder_on
from reviews.queue.reasons import Reason
from tasks.models import Annotation, History, Prediction
from tasks.querysets import AnnotationQuerySet
from tasks.state import State
from users.sentences import sentence as _

from .annotations import annotation_for_reader, history_for_reader, history_rows, prediction_body
from .queue import lease_body
from .reviews import comment_for_reader
from .tasks import tasks_for_reader
from .values import Body

NEWEST = 100  # of predictions, comments and rows of history

LEASED = Reason("leased", _("Somebody else has this one just now. You may look at it."))
DECIDED = Reason("decided", _("This has its verdict already."))
NOT_IN_QUEUE = Reason(
    "not_in_queue", _("This waits for nobody's review just now: its task's rules, or its author, come first.")
)


@dataclass(frozen=True)
class Found:
    """What there is to show: leased, or only to look at, for a reason."""

    annotation: Annotation
    lease: Lease | None = None
    reason: Reason | None = None


def leased(queue_request: QueueRequest, lease: Lease) -> Found | None:
    """None: it was deleted or turned into a draft between the lease and this look."""
    annotation = _readable(queue_request).filter(pk=lease.annotation_id).first()
    return Found(annotation, lease) if annotation else None


def opened(queue_request: QueueRequest, reason: Reason | None = None) -> Found | None:
    """An annotation of the task asked for, to look at: undecided ones first."""
    found = list(_readable(queue_request).listed().filter(task=queue_request.task_id).order_by("id")[:NEWEST])
    if not found:
        return None
    annotation = min(found, key=lambda one: one.standing_review_id is not None or one.state == State.SKIPPED)
    return Found(annotation, reason=reason or _why_not_leased(annotation))


def _why_not_leased(annotation: Annotation) -> Reason:
    if annotation.standing_review_id:
        return DECIDED
    return LEASED if holder_on(annotation) else NOT_IN_QUEUE


def _readable(queue_request: QueueRequest) -> AnnotationQuerySet:
    found = (
        Annotation.objects.visible_to(queue_request.user)
        .filter(project=queue_request.project)
        .with_config_outdated()
    )
    return found.select_related("completed_by", "task").prefetch_related("task__assignments")


def body(queue_request: QueueRequest, found: Found) -> Body:
    annotation, reader = found.annotation, queue_request.user
    annotation.project = annotation.task.project = queue_request.project
    comments = Comment.objects.visible_to(reader).filter(annotation=annotation).order_by("-id")[:NEWEST]
    history = history_rows(History.objects.visible_to(reader).filter(annotation=annotation))
    predictions = Prediction.objects.filter(task=annotation.task_id).order_by("-id")[:NEWEST]
    shown = annotation_for_reader(annotation, reader)
    return {
        "annotation": shown,
        "task": tasks_for_reader([annotation.task], reader)[0],
        "predictions": [prediction_body(prediction) for prediction in predictions],
        "comments": [comment_for_reader(comment, reader) for comment in _of(annotation, comments)][::-1],
        "history": [
            history_for_reader(row, reader) for row in _of(annotation, history.order_by("-id")[:NEWEST])
        ],
        "changes": [operation.as_body() for operation in changed_since(annotation).changes],
        "lease": lease_body(found.lease),
        "queue": found.lease.queue if found.lease else None,
        **counted(queue_request),
        **({"reason": found.reason.code, "detail": found.reason.detail} if found.reason else {}),
        "allowed_actions": shown["allowed_actions"],
    }


def _of(annotation: Annotation, rows: Iterable[Any]) -> Iterator[Any]:
    """Comments or history of the annotation, which need not be read again with each."""
    for row in rows:
        row.annotation = annotation
        if isinstance(row, Comment):
            row.project = annotation.project
        yield row


def counted(queue_request: QueueRequest) -> Body:
    left = remaining(queue_request)
    return (
        {"remaining": COUNT_LIMIT, "remaining_is_estimate": True}
        if left > COUNT_LIMIT
        else {"remaining": left}
    )


def nothing(reason: Reason) -> Body:
    return {"annotation": None, "remaining": 0, "reason": reason.code, "detail": reason.detail}
