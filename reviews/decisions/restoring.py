"""Undoing a bulk action: what it did to each annotation, and which verdict of before comes back.

A verdict comes back as a new review by the same person that `restores` the old one. It counts in no score,
because the old one does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from tasks.choices import ActionType, HistoryAction, RejectAction
from tasks.models import Annotation, History
from users.sentences import sentence as _

from ..guards import Refusal
from ..models import BulkReview, Comment, Dispute, Review
from . import rejection
from .plan import NewReview, Plan, standing_columns

CHANGED = Refusal(
    "changed_since",
    _("This has been changed or decided again since, so the verdict before cannot come back."),
)
SELF_REVIEW = Refusal(
    "own_annotation", _("Its reviewer has become the author, so their verdict cannot come back."), 403
)


@dataclass(frozen=True)
class Change:
    """What a bulk action did to one annotation: the review that it made, and the one that it ended."""

    made: Review | None = None
    ended: Review | None = None


@dataclass(frozen=True)
class Past:
    """What restoring depends on, for all annotations of a selection at once."""

    changes: dict[int, Change]
    reopened: set[int]
    data_changed_at: dict[int, datetime]
    upheld: set[tuple[int, int]]  # (annotation, version) of rejections that a second reviewer has upheld
    rounds: set[int]  # first reviews of the rejections that are counted as rounds


def affected_by(bulk: BulkReview) -> list[int]:
    """The annotations that `bulk` changed and that nobody has undone one by one since, ordered by id."""
    made = bulk.reviews.filter(undone_at=None).values_list("annotation", flat=True)
    ended = Review.objects.filter(pk__in=bulk.ended).values_list("annotation", flat=True)
    decided = set(bulk.reviews.values_list("annotation", flat=True)) if bulk.ended else set()
    return sorted({*made, *bulk.reopened, *(pk for pk in ended if pk not in decided)})


def read_past(bulk: BulkReview, annotation_ids: Collection[int]) -> Past:
    """Five statements. The annotations are locked, except for a dry run."""
    of_these = Review.objects.filter(annotation__in=annotation_ids)
    versions = of_these.select_related("seen_version", "created_by")
    made = {review.annotation_id: review for review in versions.filter(bulk=bulk)}
    replaced = Q(superseded_by__bulk=bulk) | Q(pk__in=bulk.ended)
    ended = {
        review.annotation_id: review
        for review in of_these.filter(replaced).select_related("created_by", "comment_object")
    }
    changed = History.objects.filter(annotation__in=annotation_ids, action=HistoryAction.DATA_CHANGED)
    disputes = Dispute.objects.filter(
        annotation__in=annotation_ids, outcome=Dispute.Outcome.UPHELD, deciding_review__undone_at=None
    )
    return Past(
        {pk: Change(made.get(pk), ended.get(pk)) for pk in annotation_ids},
        set(bulk.reopened),
        dict(changed.order_by().values_list("annotation").annotate(Max("created_at"))),
        set(disputes.values_list("annotation", "review__seen_version")),
        _counted_rounds(of_these.filter(reject_action=RejectAction.REQUEUE)),
    )


def _counted_rounds(returning: QuerySet[Review]) -> set[int]:
    """As reviews/drift.py counts them: a rejection and its restorations are one round, unless the newest of
    them was undone or superseded. One that ended by an edit or a reopen is counted still."""
    counted = {}
    rows = returning.order_by("pk").values_list("pk", "restores", "undone_at", "superseded_by")
    for pk, restores, undone_at, superseded_by in rows:
        counted[restores or pk] = undone_at is None and superseded_by is None
    return {first for first, is_counted in counted.items() if is_counted}


def plan_restore(annotation: Annotation, past: Past, *, now: datetime) -> Plan | Refusal | None:
    """The verdict that the bulk action ended stands again; None if it ended none.

    Planned before the undo is applied, and applied after it.
    """
    earlier = past.changes[annotation.pk].ended
    if earlier is None:
        return None
    data_changed_at = past.data_changed_at.get(annotation.pk)
    if not stands_on_current(earlier, annotation) or (
        data_changed_at and data_changed_at > earlier.created_at
    ):
        return CHANGED
    if _is_self_review(annotation, earlier):
        return SELF_REVIEW
    first = earlier.restores_id or earlier.pk
    # Its round may be counted still, and is counted once however often it comes back.
    is_new_round = earlier.reject_action == RejectAction.REQUEUE and first not in past.rounds
    columns = standing_columns(
        earlier.verdict,
        earlier.reject_action,
        reviewer_id=earlier.created_by_id,
        at=now,
        author_id=annotation.completed_by_id,
    )
    return Plan(
        annotation,
        columns
        | {
            "rounds": rejection.earlier_rounds(annotation) + is_new_round,
            "contested_at": None,
            "upheld": (annotation.pk, earlier.seen_version_id) in past.upheld,
            "ever_reviewed": True,
        },
        action=HistoryAction(earlier.verdict),
        review=_copy_of(earlier),
        # As it was, even if the comment has been edited since. No new one is created.
        comment_object=Comment(pk=earlier.comment_object_id, text=earlier.comment),
        details={"restores": first},
    )


def stands_on_current(earlier: Review | None, annotation: Annotation) -> bool:
    return earlier is not None and earlier.stands_on_id == annotation.current_version_id


def _copy_of(earlier: Review) -> NewReview:
    """Without `started_at`: nobody spent that time again."""
    return NewReview(
        verdict=ActionType(earlier.verdict),
        reason=earlier.reason,
        reject_action=earlier.reject_action,
        seen_version_id=earlier.seen_version_id,
        fixed_version_id=earlier.fixed_version_id,
        started_at=None,
        created_by_id=earlier.created_by_id,
        imported_by_id=earlier.imported_by_id,
        # Always the first one, so that one lookup finds every restoration of a verdict.
        restores_id=earlier.restores_id or earlier.pk,
    )


def _is_self_review(annotation: Annotation, earlier: Review) -> bool:
    # An imported one stands as the file has it.
    if earlier.imported_by_id or annotation.project.allow_self_review:
        return False
    return annotation.is_work_of(earlier.created_by)
