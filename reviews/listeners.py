"""How reviews follow changes in tasks: refuse what a verdict locks, withdraw reviews that a change outdates,
and keep counters, sample and queue up to date. All within the transaction of the change."""

from collections.abc import Callable, Sequence
from copy import copy

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from tasks import events as task_events
from tasks.choices import ActionType, FinalState
from tasks.errors import Refused
from tasks.events import DomainEvent, domain_events, emit_all
from tasks.models import Annotation, Task
from tasks.roles import may
from users.models import User
from users.sentences import sentence as _

from . import comments, counters, recalculation, sampling, workflow
from . import events as review_events
from .decisions.apply import apply, reviewed_events
from .decisions.locking import standing_reviews
from .decisions.plan import plan_self_review, plan_withdrawal
from .models import Review
from .queue import entries, leases, places

BATCH = 2000  # tasks
TASKS_PER_INSERT = 500  # tasks whose verdicts are told with one insert

LOCKED_CHANGES: dict[str, tuple[str, str]] = {
    # event: (the action that the workflow must allow, why a verdict is withdrawn)
    task_events.ANNOTATION_EDITED: ("edit", "edited"),
    task_events.ANNOTATION_CONVERTED: ("convert_to_draft", "edited"),
    task_events.ANNOTATIONS_DELETED: ("delete", "deleted"),
}


@receiver(domain_events)
def handle_events(events: tuple[DomainEvent, ...], **_) -> None:
    for event in events:
        if handle := HANDLERS.get(event.kind):
            handle(event)


def _annotations_changed(event: DomainEvent) -> None:
    action, reason = LOCKED_CHANGES[event.kind]
    actor = _editor(event)
    if event.detail.get("take_back"):
        action = "take_back"
    for annotation in event.annotations:
        if refusal := workflow.refusal(action, annotation, actor):
            raise refusal.as_error()
    if action == "edit" and event.annotation.was_cancelled:
        reason = "skipped"
    comments.follow_drafts(event.annotations)
    if action == "delete":
        counters.recount_comments(list(event.tasks))
    _withdraw_reviews(event, event.annotations, reason)


def _withdraw_reviews(event: DomainEvent, annotations: Sequence[Annotation], reason: str) -> None:
    """The annotations have changed, so their standing reviews are outdated."""
    standing = standing_reviews(annotations)
    plans = [plan_withdrawal(annotation, standing.get(annotation.pk)) for annotation in annotations]
    apply(plans, event.tasks, actor=_editor(event), now=timezone.now(), reason=reason)


def _editor(event: DomainEvent) -> User:
    assert event.actor is not None  # somebody edited, deleted or changed the data
    return event.actor


def _data_changed(event: DomainEvent) -> None:
    """Only verdicts were given on the old data: reopened annotations stay open for rework."""
    reviewed = [annotation for annotation in event.annotations if annotation.standing_review_id]
    if reviewed:
        _withdraw_reviews(event, reviewed, "data_changed")
    else:
        _sync_queue([event.task.pk])  # who changed it last is a column of the queue


def _annotations_created(event: DomainEvent) -> None:
    _refuse_second_try(event)
    comments.follow_drafts(event.annotations)
    _recount(event)


def _refuse_second_try(event: DomainEvent) -> None:
    """Whose work on a task was decided may not annotate it again past the verdict, nor may a manager in their
    name. A reject with requeue asks them to change the work they have."""
    authors = {_editor(event).pk, *(annotation.completed_by_id for annotation in event.annotations)}
    decided = Annotation.objects.filter(
        Q(redistributed=True) | Q(standing_review_id__isnull=False, returned_at=None),
        task__in=[task.pk for task in event.tasks],
        completed_by__in=authors,
        deleted_at=None,
    )
    redistributed = set(decided.values_list("redistributed", flat=True))
    if True in redistributed:
        detail = _("This work was rejected, and the task was given to somebody else.")
    elif redistributed and not may(_editor(event), "manage_project", event.project):
        detail = _("Your work on this task has been reviewed. Ask the reviewer or a manager to send it back.")
    else:
        return
    raise Refused("locked_by_verdict", detail, status=403)


def _annotation_restored(event: DomainEvent) -> None:
    counters.recount_comments(list(event.tasks))
    _recount(event)


def _recount(event: DomainEvent) -> None:
    tasks = list(event.tasks)
    for task in tasks:
        task.project = event.project
    emit_all(reviewed_events(event.project, counters.recount(tasks), event.actor))


def _settings_changed(event: DomainEvent) -> None:
    recalculation.follow(event.project, event.detail["changed"], actor=_editor(event))


def _tasks_created(event: DomainEvent) -> None:
    """Sample them; those imported with annotations enter the queue."""
    # An import adds many tasks without the lock that makes the sample exact, and settles it at its end.
    sampling.admit(event.project, event.tasks, settled_later=event.detail.get("settled_later", False))
    _sync_queue([task.pk for task in event.tasks if task.total_annotations])


def _tasks_deleted(event: DomainEvent) -> None:
    _tell_withdrawals(event, event.annotations, event.tasks)
    _sync_queue([task.pk for task in event.tasks] + sampling.settle(event.project))


def _project_deleted(event: DomainEvent) -> None:
    """The same for all its tasks."""
    project = event.project
    reviewed = Task.objects.filter(
        Q(reviewed=True) | Q(reviews_accepted__gt=0) | Q(reviews_rejected__gt=0),
        project=project,
        deleted_at=None,
    )
    ids = list(reviewed.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), TASKS_PER_INSERT):
        tasks = list(Task.objects.filter(pk__in=ids[start : start + TASKS_PER_INSERT]).order_by("pk"))
        decided = Annotation.objects.filter(task__in=tasks, deleted_at=None, standing_review_id__isnull=False)
        by_id = {task.pk: task for task in tasks}
        annotations = list(decided.order_by("pk"))
        for task in tasks:
            task.project = project
        for annotation in annotations:
            annotation.project, annotation.task = project, by_id[annotation.task_id]
        _tell_withdrawals(event, annotations, tasks)


def _tell_withdrawals(event: DomainEvent, annotations: Sequence[Annotation], tasks: Sequence[Task]) -> None:
    """What is deleted has no verdict for consumers. Here the verdicts stay, to be restored with their tasks:
    so the events carry copies as if they had ended."""
    ended = {annotation.pk: copy(annotation) for annotation in annotations}
    gone = {task.pk: copy(task) for task in tasks}
    for task in gone.values():
        task.project = event.project
    reviews = list(
        Review.objects.filter(pk__in=[a.standing_review_id for a in annotations])
        .select_related("created_by", "seen_version", "fixed_version")
        .order_by("pk")
    )
    unreviewed = [task for task in gone.values() if task.reviewed]
    for task in gone.values():
        task.reviewed, task.final_state, task.final_annotation_id = False, FinalState.NOT_REVIEWED, None
    for annotation in ended.values():
        annotation.last_action, annotation.standing_review_id = ActionType.UPDATED, None
        annotation.project, annotation.task = event.project, gone[annotation.task_id]
    for review in reviews:
        review.annotation, review.project = ended[review.annotation_id], event.project
    about = {"actor": event.actor, "tasks": tuple(gone.values())}
    if reviews:
        task_events.emit(
            review_events.REVIEW_WITHDRAWN,
            event.project,
            **about,
            annotations=tuple(review.annotation for review in reviews),
            subjects=tuple(reviews),
            detail={"reason": "deleted"},
        )
    if unreviewed:
        about["tasks"] = tuple(unreviewed)
        task_events.emit(review_events.TASK_UNREVIEWED, event.project, **about)


def _tasks_restored(event: DomainEvent) -> None:
    if reviewed := tuple(task for task in event.tasks if task.reviewed):
        task_events.emit(review_events.TASK_REVIEWED, event.project, actor=event.actor, tasks=reviewed)


def _scores_changed(event: DomainEvent) -> None:
    _sync_queue([task.pk for task in event.tasks])


def _touched(event: DomainEvent) -> None:
    """A change that is no new version: the task's answer depends on ground truth, and who may review, whether
    a slot is taken, and so whether the task is reviewed, on the author."""
    changed = set(event.detail.get("changed", ()))
    if "completed_by" in changed:
        _end_self_reviews(event)
    if {"ground_truth", "completed_by", "is_draft"} & changed:
        _recount(event)  # which updates the queue, too


def _end_self_reviews(event: DomainEvent) -> None:
    """A verdict does not outlive that its reviewer becomes an author of the work, unless that is allowed."""
    if event.project.allow_self_review:
        return
    standing = standing_reviews(event.annotations)
    plans = [
        plan_self_review(annotation, standing[annotation.pk])
        for annotation in event.annotations
        if annotation.pk in standing and annotation.is_work_of(standing[annotation.pk].created_by)
    ]
    apply(plans, event.tasks, actor=_editor(event), now=timezone.now(), reason="edited")


def _sync_queue(task_ids: list[int]) -> None:
    for start in range(0, len(task_ids), BATCH):
        entries.sync(task_ids[start : start + BATCH])


def _release_leases(event: DomainEvent) -> None:
    leases.release_all(event.project, event.subjects[0])


def _place_taken(event: DomainEvent) -> None:
    assert event.actor is not None  # who took it
    places.keep_to_limit(event.project, event.actor, newest=event.detail["place"])


HANDLERS: dict[str, Callable[[DomainEvent], None]] = {
    **dict.fromkeys(LOCKED_CHANGES, _annotations_changed),
    task_events.TASKS_CREATED: _tasks_created,
    task_events.TASKS_DELETED: _tasks_deleted,
    task_events.TASKS_RESTORED: _tasks_restored,
    task_events.PROJECT_DELETED: _project_deleted,
    task_events.TASK_DATA_CHANGED: _data_changed,
    task_events.PREDICTIONS_CHANGED: _scores_changed,
    task_events.ANNOTATION_TOUCHED: _touched,
    task_events.ANNOTATIONS_CREATED: _annotations_created,
    task_events.ANNOTATION_RESTORED: _annotation_restored,
    task_events.OVERLAP_CHANGED: _recount,
    task_events.TASK_CLOSED: _recount,
    task_events.TASK_OPENED: _recount,
    task_events.MEMBER_RELEASED: _release_leases,
    task_events.PLACE_TAKEN: _place_taken,
    task_events.REVIEW_SETTINGS_CHANGED: _settings_changed,
}
