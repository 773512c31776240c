"""The moves of review state, within the transaction and with the rows locked: write, count, tell.

AnnotationReviewService asks the workflow first; `withdraw` is for changes that have happened already, below.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.utils import timezone

from tasks import counters as task_counters
from tasks import events as task_events
from tasks.choices import ActionType, AssignmentType, HistoryAction
from tasks.models import Annotation, History, Task
from tasks.roles import may
from tasks.services import history
from tasks.services.assignments import assign
from tasks.sql import update_rows

from . import comments, counters, disputes, events
from .decisions import VERDICT_FIELDS, VERSION_FIELDS, Sentence, earlier_rounds, write
from .models import BulkReview, Comment, Review

RETURN_TO_AUTHOR, RETURN_TO_ANYONE = "author", "anyone"
FORGOTTEN_FIELDS = (
    "standing_review_id",
    "redistributed",
    "returned_at",
    "returned_to",
    "contested_at",
    "upheld",
)


def decide(
    sentences: list[Sentence], tasks: list[Task], *, actor: Any, bulk: BulkReview | None = None
) -> None:
    if not sentences:
        return
    said = _say_comments(sentences, actor)
    slots_before = {s.annotation.pk for s in sentences if s.annotation.frees_slot}
    contested = disputes.contested_reviews(s.annotation for s in sentences)
    write(sentences, actor=actor, bulk=bulk)
    slots_after = {s.annotation.pk for s in sentences if s.annotation.frees_slot}
    disputes.decide(sentences, contested, actor=actor)
    for sentence in sentences:
        _hand_on(sentence, actor)
    if said:
        counters.recount_comments(tasks)
    turned = _count(tasks, actor, slots_moved=slots_before != slots_after)
    annotations = tuple(s.annotation for s in sentences)
    reviews = tuple(s.review for s in sentences)
    _tell(events.REVIEWS_CREATED, annotations, tasks, actor, subjects=reviews)
    tell_turned(annotations[0].project, turned, actor)


def _say_comments(sentences: list[Sentence], actor: Any) -> bool:
    """What was said with the verdicts becomes comments that the authors see. All say the same."""
    speaking = [sentence for sentence in sentences if sentence.intent.comment]
    if not speaking:
        return False
    written = comments.write([s.annotation for s in speaking], speaking[0].intent.comment, actor=actor)
    for sentence, comment in zip(speaking, written, strict=True):
        sentence.comment = comment
    return True


def _hand_on(sentence: Sentence, actor: Any) -> None:
    """Give a redistributed task to whom a manager named."""
    annotation, assignee = sentence.annotation, sentence.intent.assignee
    if assignee and annotation.redistributed and may(actor, "manage_project", annotation.project):
        assign([annotation.task], [assignee], AssignmentType.ANNOTATOR)


def undo(pairs: list[tuple[Annotation, Review]], tasks: list[Task], *, actor: Any) -> None:
    if not pairs:
        return
    slots_moved = any(annotation.frees_slot for annotation, _ in pairs)
    disputes.withdraw(disputes.contested_reviews(annotation for annotation, _ in pairs), actor=actor)
    rows = []
    for annotation, review in pairs:
        annotation.rounds = earlier_rounds(annotation)
        review.undone_at = timezone.now()
        review.undone_by = actor
        review.annotation = annotation
        _unsign(annotation, ActionType.DELETED_REVIEW, actor)
        rows.append(_undo_row(annotation, review, actor))
    annotations = [annotation for annotation, _ in pairs]
    slots_moved |= any(
        annotation.was_cancelled for annotation in annotations
    )  # a fix had answered what was skipped
    reviews = [review for _, review in pairs]
    History.objects.bulk_create(rows)
    update_rows(reviews, ["undone_at", "undone_by"])
    update_rows(annotations, [*VERDICT_FIELDS, *VERSION_FIELDS])
    turned = _count(tasks, actor, slots_moved=slots_moved)
    _tell(events.REVIEWS_UNDONE, annotations, tasks, actor, subjects=tuple(reviews))
    _tell(
        events.REVIEW_WITHDRAWN,
        annotations,
        tasks,
        actor,
        subjects=tuple(reviews),
        detail={"reason": "undone"},
    )
    tell_turned(annotations[0].project, turned, actor)


def _undo_row(annotation: Annotation, review: Review, actor: Any) -> History:
    """The undo of a fix writes the version before the fix as a new version, under its author's name."""
    if review.fixed_version_id is None:
        return history.row(annotation, HistoryAction.DELETED_REVIEW, actor, review_id=review.pk)
    about = {"review_id": review.pk, "label_config_id": review.seen_version.label_config_id}
    annotation.result = review.seen_version.result or []
    annotation.was_cancelled = review.seen_version.was_cancelled
    annotation.version += 1
    annotation.version_author = review.seen_version.author or annotation.completed_by
    return history.new_versions([annotation], HistoryAction.DELETED_REVIEW, actor, **about)[0]


def reopen(annotations: list[Annotation], tasks: list[Task], *, actor: Any, to: str, comment: str) -> None:
    if not annotations:
        return
    standing = _standing(annotations)
    slots_moved = to == RETURN_TO_ANYONE or any(annotation.frees_slot for annotation in annotations)
    disputes.withdraw(disputes.contested_reviews(annotations), actor=actor)
    said = comments.write(annotations, comment, actor=actor) if comment else [None] * len(annotations)
    rows = [_reopen_one(a, actor, to, remark) for a, remark in zip(annotations, said, strict=True)]
    History.objects.bulk_create(rows)
    update_rows(annotations, VERDICT_FIELDS)
    if comment:
        counters.recount_comments(tasks)
    turned = _count(tasks, actor, slots_moved=slots_moved)
    _tell_withdrawn(annotations, standing, tasks, "reopened", actor)
    _tell(task_events.ANNOTATION_TOUCHED, annotations, tasks, actor)
    tell_turned(annotations[0].project, turned, actor)


def _reopen_one(annotation: Annotation, actor: Any, to: str, remark: Comment | None) -> History:
    review_id = annotation.standing_review_id
    _unsign(annotation, ActionType.UPDATED, actor)
    annotation.returned_at = timezone.now()
    annotation.returned_to = annotation.completed_by if to == RETURN_TO_AUTHOR else None
    about = {"comment": remark.text, "comment_id": remark.pk} if remark else {}
    return history.row(annotation, HistoryAction.REOPENED, actor, review_id=review_id, **about)


def close_rework(annotation: Annotation, task: Task, *, actor: Any) -> None:
    slots_moved = annotation.frees_slot
    _unsign(annotation, ActionType.UPDATED, actor)
    history.record(annotation, HistoryAction.UPDATED, actor, details={"reopen": "undone"})
    update_rows([annotation], VERDICT_FIELDS)
    turned = _count([task], actor, slots_moved=slots_moved)
    _tell(task_events.ANNOTATION_TOUCHED, [annotation], [task], actor)
    tell_turned(annotation.project, turned, actor)


def withdraw(annotations: Collection[Annotation], tasks: list[Task], reason: str, *, actor: Any) -> None:
    """The annotations changed under their standing verdicts: those are outdated now. `last_action` has moved already."""
    standing = _standing(annotations)
    slots_moved = any(annotation.frees_slot for annotation in annotations)
    disputes.withdraw(disputes.contested_reviews(annotations), actor=actor)
    for annotation in annotations:
        forget_verdict(annotation)
    update_rows(list(annotations), FORGOTTEN_FIELDS)
    turned = _count(tasks, actor, slots_moved=slots_moved)
    _tell_withdrawn(annotations, standing, tasks, reason, actor)
    if tasks:
        tell_turned(tasks[0].project, turned, actor)


def _tell_withdrawn(
    annotations: Collection[Annotation], reviews: list[Review], tasks: list[Task], reason: str, actor: Any
) -> None:
    by_id = {annotation.pk: annotation for annotation in annotations}
    for review in reviews:
        review.annotation = by_id[review.annotation_id]
    if reviews:
        signed = [review.annotation for review in reviews]
        _tell(
            events.REVIEW_WITHDRAWN, signed, tasks, actor, subjects=tuple(reviews), detail={"reason": reason}
        )


def _unsign(annotation: Annotation, action: ActionType, actor: Any) -> None:
    annotation.last_action = action
    annotation.last_created_by = actor
    annotation.annotation_seq += 1
    annotation.updated_at = timezone.now()
    annotation.updated_by = actor
    forget_verdict(annotation)


def forget_verdict(annotation: Annotation) -> None:
    annotation.standing_review_id = None
    annotation.redistributed = False
    annotation.returned_at = None
    annotation.returned_to = None
    annotation.contested_at = None
    annotation.upheld = False


def _standing(annotations: Collection[Annotation]) -> list[Review]:
    return list(
        Review.objects.filter(pk__in=[a.standing_review_id for a in annotations if a.standing_review_id])
    )


def _count(tasks: list[Task], actor: Any, *, slots_moved: bool) -> tuple[list[Task], list[Task]]:
    if slots_moved:
        task_counters.recount(tasks)
    return counters.recount(tasks, actor=actor)


def _tell(
    kind: str, annotations: Collection[Annotation], tasks: Iterable[Task], actor: Any, **about: Any
) -> None:
    project = next(iter(annotations)).project
    task_events.tell(kind, project, actor=actor, annotations=tuple(annotations), tasks=tuple(tasks), **about)


def tell_turned(project: Any, turned: tuple[list[Task], list[Task]], actor: Any) -> None:
    """Say which tasks became reviewed, and which stopped being so."""
    for kind, tasks in zip((events.TASK_REVIEWED, events.TASK_UNREVIEWED), turned, strict=True):
        if tasks:
            task_events.tell(kind, project, actor=actor, tasks=tuple(tasks))
