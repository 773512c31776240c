"""Records events and their deliveries inside the transaction of the change: both are there, or neither."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from reviews import events as review_events
from reviews.models import Review
from tasks import events as task_events
from tasks.choices import ActionType
from tasks.events import DomainEvent, domain_events
from tasks.models import Annotation, Project, Task

from . import notifier, outbox
from .bodies import (
    ANNOTATIONS_AT_MOST,
    ASSIGNMENTS_AT_MOST,
    DELETED_ANNOTATIONS_AT_MOST,
    DELETED_REVIEWS_AT_MOST,
    DELETED_TASKS_AT_MOST,
    TASKS_AT_MOST,
    Context,
    Encoded,
    as_text,
    chunks,
)
from .catalogue import body_of
from .models import Delivery
from .outbox import NewEvent

Subjects = Callable[[Context], Iterable[Any]]
# One change makes a few events. More than this is a selection or an import, which is sent after live events.
LIVE_AT_MOST = 10


def project(context: Context) -> Iterable[Project]:
    return [context.project]


def tasks(context: Context) -> Iterable[Task]:
    return context.event.tasks


def annotations(context: Context) -> Iterable[Annotation]:
    return context.event.annotations


def reviews(context: Context) -> Iterable[Review]:
    """Imported verdicts are nobody's decision, so nothing is sent for them."""
    return [review for review in context.reviews if review.imported_by_id is None]


def subjects(context: Context) -> Iterable[Any]:
    return context.event.subjects


def paged(subjects: Subjects, at_most: int) -> Subjects:
    return lambda context: chunks(list(subjects(context)), at_most)


def with_verdict(verdict: ActionType) -> Subjects:
    return lambda context: [review for review in reviews(context) if review.verdict == verdict]


def single_annotation(context: Context) -> Iterable[Annotation]:
    return context.event.annotations if len(context.event.annotations) == 1 else ()


def several_annotations(context: Context) -> Iterable[Any]:
    found = context.event.annotations
    return chunks(found, ANNOTATIONS_AT_MOST) if len(found) > 1 else ()


def with_new_result(context: Context) -> Iterable[Annotation]:
    """Annotations whose result was changed by a fix, or by the undo of one."""
    return [review.annotation for review in reviews(context) if review.fixed_version_id]


def sent_as(action: str) -> Subjects:
    """The body of an event of another app, if that is the action it names."""
    return lambda context: [context.event.detail["body"]] if context.event.detail["action"] == action else ()


# Kind of change → the actions it is sent as, each with the objects that get an event of their own.
EVENT_MAP: dict[str, tuple[tuple[str, Subjects], ...]] = {
    task_events.PROJECT_CREATED: (("PROJECT_CREATED", project),),
    task_events.PROJECT_UPDATED: (("PROJECT_UPDATED", project),),
    task_events.PROJECT_DELETED: (("PROJECT_DELETED", project),),
    task_events.TASKS_CREATED: (("TASKS_CREATED", paged(tasks, TASKS_AT_MOST)),),
    task_events.TASKS_DELETED: (("TASKS_DELETED", paged(tasks, DELETED_TASKS_AT_MOST)),),
    task_events.TASK_DATA_CHANGED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATIONS_CREATED: (
        ("ANNOTATION_CREATED", single_annotation),
        ("ANNOTATIONS_CREATED", several_annotations),
    ),
    task_events.ANNOTATION_RESTORED: (("ANNOTATION_CREATED", annotations),),
    task_events.ANNOTATION_EDITED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATION_TOUCHED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATION_CONVERTED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATIONS_DELETED: (
        ("ANNOTATIONS_DELETED", paged(annotations, DELETED_ANNOTATIONS_AT_MOST)),
    ),
    review_events.REVIEWS_CREATED: (
        ("REVIEW_CREATED", reviews),
        ("ANNOTATION_ACCEPTED", with_verdict(ActionType.ACCEPTED)),
        ("ANNOTATION_REJECTED", with_verdict(ActionType.REJECTED)),
        ("ANNOTATION_FIXED_AND_ACCEPTED", with_verdict(ActionType.FIXED_AND_ACCEPTED)),
        ("ANNOTATION_UPDATED", with_new_result),
    ),
    review_events.REVIEWS_UNDONE: (
        ("REVIEWS_DELETED", paged(reviews, DELETED_REVIEWS_AT_MOST)),
        ("ANNOTATION_UPDATED", with_new_result),
    ),
    review_events.CONTESTED: (("ANNOTATION_CONTESTED", subjects),),
    review_events.REOPENED: (("ANNOTATION_REOPENED", annotations),),
    review_events.COMMENTED: (("COMMENT_CREATED", subjects),),
    review_events.COMMENT_CHANGED: (("COMMENT_UPDATED", subjects),),
    review_events.COMMENT_DELETED: (("COMMENT_DELETED", subjects),),
    task_events.TASK_CLOSED: (("TASK_CLOSED", tasks),),
    task_events.TASK_OPENED: (("TASK_REOPENED", tasks),),
    task_events.ASSIGNED: (("ASSIGNMENTS_CREATED", paged(subjects, ASSIGNMENTS_AT_MOST)),),
    task_events.UNASSIGNED: (("ASSIGNMENTS_DELETED", paged(subjects, ASSIGNMENTS_AT_MOST)),),
    task_events.MEMBER_ADDED: (("MEMBER_ADDED", subjects),),
    task_events.MEMBER_CHANGED: (("MEMBER_UPDATED", subjects),),
    task_events.MEMBER_REMOVED: (("MEMBER_REMOVED", subjects),),
    review_events.REVIEW_WITHDRAWN: (("ANNOTATION_REVIEW_WITHDRAWN", reviews),),
    review_events.TASK_REVIEWED: (("TASK_REVIEWED", tasks),),
    review_events.TASK_UNREVIEWED: (("TASK_UNREVIEWED", tasks),),
    task_events.APP_EVENT: tuple(
        (action, sent_as(action))
        for action in (
            "CROWD_REVIEW_CREATED",
            "ANNOTATION_TARGET_MET",
            "CAMPAIGN_COMPLETED",
            "AUDIT_REPORT_SUBMITTED",
            "AUDIT_REPORT_FAILED",
        )
    ),
}


@receiver(domain_events)
def record_events(events: tuple[DomainEvent, ...], **_: Any) -> None:
    if due := outbox.add(list(new_events(events))):
        transaction.on_commit(partial(notifier.notify, due), robust=True)


def new_events(events: Iterable[DomainEvent]) -> Iterator[NewEvent]:
    encoded: dict[tuple[Any, int], Encoded] = {}
    for event in events:
        if event.kind in EVENT_MAP:
            yield from _events_of(Context(event, encoded))


def _events_of(context: Context) -> list[NewEvent]:
    found = [(action, subject) for action, of in EVENT_MAP[context.event.kind] for subject in of(context)]
    lane = Delivery.Lane.BULK if len(found) > LIVE_AT_MOST else Delivery.Lane.LIVE
    return [
        NewEvent(
            project_id=context.project.pk,
            action=action,
            body=as_text(body_of(action, context, subject), context),
            annotation_seq=_sequence_of(subject),
            lane=lane,
            **_about(subject),
        )
        for action, subject in found
    ]


def _about(subject: Any) -> dict[str, list[int]]:
    """The ids of the tasks and annotations that `subject`, one object or several, is or belongs to."""
    several = subject if isinstance(subject, tuple | list) else [subject]
    tasks = {one.pk if isinstance(one, Task) else _id_in(one, "task") for one in several}
    annotations = {one.pk if isinstance(one, Annotation) else _id_in(one, "annotation") for one in several}
    return {"tasks": _sorted(tasks), "annotations": _sorted(annotations)}


def _sorted(ids: set[int | None]) -> list[int]:
    return sorted(pk for pk in ids if pk is not None)


def _id_in(subject: Any, name: str) -> int | None:
    return getattr(subject, f"{name}_id", None)


def _sequence_of(subject: Any) -> int | None:
    if isinstance(subject, Review):
        subject = subject.annotation
    return subject.annotation_seq if isinstance(subject, Annotation) else None
