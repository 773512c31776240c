"""Turns what happened into event and delivery rows, inside the transaction of the change: both are there, or neither."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from reviews import events as review_events
from reviews.models import Review
from tasks import events as task_events
from tasks.choices import ActionType
from tasks.events import Happened, happened
from tasks.models import Annotation

from . import wakeups
from .bodies import ANNOTATIONS_AT_MOST, REVIEWS_AT_MOST, TASKS_AT_MOST, Scene, as_text, chunks
from .catalogue import CATALOGUE, body_of
from .models import Delivery, Event, Webhook

Subjects = Callable[[Scene], Iterable[Any]]
BATCH = 500  # rows of up to 20 KB in one statement
# One change brings a few events. More than this is a selection or an import, and waits behind the news.
LIVE_AT_MOST = 10


def the_project(scene: Scene) -> Iterable[Any]:
    return [scene.project]


def tasks(scene: Scene) -> Iterable[Any]:
    return scene.event.tasks


def annotations(scene: Scene) -> Iterable[Any]:
    return scene.event.annotations


def reviews(scene: Scene) -> Iterable[Any]:
    """Verdicts that came with a file are nobody's decision."""
    return [review for review in scene.reviews if review.imported_by_id is None]


def together(subjects: Subjects, at_most: int) -> Subjects:
    return lambda scene: chunks(subjects(scene), at_most)


def only(verdict: ActionType) -> Subjects:
    return lambda scene: [review for review in reviews(scene) if review.verdict == verdict]


def the_single_annotation(scene: Scene) -> Iterable[Any]:
    return scene.event.annotations if len(scene.event.annotations) == 1 else ()


def many_annotations(scene: Scene) -> Iterable[Any]:
    return chunks(scene.event.annotations, ANNOTATIONS_AT_MOST) if len(scene.event.annotations) > 1 else ()


def rewritten(scene: Scene) -> Iterable[Any]:
    """Annotations whose result a fix, or the undo of one, has changed."""
    return [review.annotation for review in reviews(scene) if review.fixed_version_id]


# What happened → which actions tell of it, and of what.
TOLD: dict[str, tuple[tuple[str, Subjects], ...]] = {
    task_events.PROJECT_CREATED: (("PROJECT_CREATED", the_project),),
    task_events.PROJECT_UPDATED: (("PROJECT_UPDATED", the_project),),
    task_events.PROJECT_DELETED: (("PROJECT_DELETED", the_project),),
    task_events.TASKS_CREATED: (("TASKS_CREATED", together(tasks, TASKS_AT_MOST)),),
    task_events.TASKS_DELETED: (("TASKS_DELETED", together(tasks, TASKS_AT_MOST)),),
    task_events.TASK_DATA_CHANGED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATIONS_CREATED: (
        ("ANNOTATION_CREATED", the_single_annotation),
        ("ANNOTATIONS_CREATED", many_annotations),
    ),
    task_events.ANNOTATION_RESTORED: (("ANNOTATION_CREATED", annotations),),
    task_events.ANNOTATION_EDITED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATION_TOUCHED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATION_CONVERTED: (("ANNOTATION_UPDATED", annotations),),
    task_events.ANNOTATIONS_DELETED: (("ANNOTATIONS_DELETED", together(annotations, ANNOTATIONS_AT_MOST)),),
    review_events.REVIEWS_CREATED: (
        ("REVIEW_CREATED", reviews),
        ("ANNOTATION_ACCEPTED", only(ActionType.ACCEPTED)),
        ("ANNOTATION_REJECTED", only(ActionType.REJECTED)),
        ("ANNOTATION_FIXED_AND_ACCEPTED", only(ActionType.FIXED_AND_ACCEPTED)),
        ("ANNOTATION_UPDATED", rewritten),
    ),
    review_events.REVIEWS_UNDONE: (
        ("REVIEWS_DELETED", together(reviews, REVIEWS_AT_MOST)),
        ("ANNOTATION_UPDATED", rewritten),
    ),
    review_events.REVIEW_WITHDRAWN: (("ANNOTATION_REVIEW_WITHDRAWN", reviews),),
    review_events.TASK_REVIEWED: (("TASK_REVIEWED", tasks),),
    review_events.TASK_UNREVIEWED: (("TASK_UNREVIEWED", tasks),),
}


@receiver(happened)
def write_down(events: tuple[Happened, ...], **_: Any) -> None:
    for event in events:
        if event.kind in TOLD:
            _store(event.project, _facts(Scene(event)))


def _facts(scene: Scene) -> list[Event]:
    return [
        _fact(action, scene, subject)
        for action, subjects in TOLD[scene.event.kind]
        for subject in subjects(scene)
    ]


def _fact(action: str, scene: Scene, subject: Any) -> Event:
    body = as_text(body_of(action, scene, subject), scene)
    return Event(project=scene.project, action=action, body=body, annotation_seq=_seq(subject))


def _seq(subject: Any) -> int | None:
    if isinstance(subject, Review):
        subject = subject.annotation
    return subject.annotation_seq if isinstance(subject, Annotation) else None


def _store(project: Any, facts: list[Event]) -> None:
    """The only durable thing: events always, deliveries for whoever subscribes now."""
    if not facts:
        return
    Event.objects.bulk_create(facts, batch_size=BATCH)
    listening = list(Webhook.objects.listening_to(project))
    lane = Delivery.Lane.BULK if len(facts) > LIVE_AT_MOST else Delivery.Lane.LIVE
    rows = [_delivery(fact, hook, lane) for fact in facts for hook in listening if hears(hook, fact.action)]
    Delivery.objects.bulk_create(rows, batch_size=BATCH)
    if due := {row.webhook_id: row.webhook.is_slow for row in rows if row.state == Delivery.State.PENDING}:
        transaction.on_commit(partial(wakeups.ring, due), robust=True)


def _delivery(fact: Event, hook: Webhook, lane: int) -> Delivery:
    state = Delivery.State.HELD if hook.is_off_by_itself else Delivery.State.PENDING
    return Delivery(event=fact, webhook=hook, with_payload=hook.send_payload, lane=lane, state=state)


def hears(webhook: Webhook, action: str) -> bool:
    return action in webhook.actions or (webhook.send_for_all_actions and not CATALOGUE[action].by_name)
