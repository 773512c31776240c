"""Verdicts from a file: stored as the file has them, marked with who imported them. They count in no score
and send no events of decisions.

Written in bulk, for annotations that are not in the database yet: their ids are reserved, and foreign keys
are checked at commit. A history is made up for each annotation, so that every verdict has the version it
was given on.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import BigIntegerField, Case, F, OuterRef, Subquery, When

from tasks.choices import ActionType, HistoryAction, RejectAction
from tasks.models import Annotation, History
from tasks.results import same_result
from tasks.sql import copy_rows, next_ids
from users.models import User

from .decisions.plan import standing_columns
from .models import Review


@dataclass(slots=True)
class ImportedVerdict:
    """`before` is the result the reviewer saw, `after` the result of a fix; None if the file has none."""

    verdict: str
    reviewer_id: int
    created_at: datetime | None = None
    before: list | None = None
    after: list | None = None
    reject_action: str | None = None
    comment: str = ""
    reason: str = ""
    started_at: datetime | None = None
    undone_at: datetime | None = None
    undone_by_id: int | None = None
    outdated: bool | None = None
    unique_id: uuid.UUID | None = None


@dataclass(slots=True)
class ImportedWork:
    """An annotation that is not saved yet, but has its id, and its verdicts, oldest first. `stands`: the last
    verdict is the standing one."""

    annotation: Annotation
    verdicts: list[ImportedVerdict]
    stands: bool = False
    label_config_id: int | None = None
    rows: list[History] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


def importer_of_row() -> Case:
    """Who imported a row of history, null if it happened here. An imported verdict names its reviewer."""
    of_review = Review.objects.filter(pk=OuterRef("review_id")).values("imported_by")
    return Case(
        When(action=HistoryAction.IMPORTED, then=F("created_by_id")),
        default=Subquery(of_review),
        output_field=BigIntegerField(),
    )


def record(works: Sequence[ImportedWork], *, actor: User) -> list[Review]:
    """Write the reviews and the whole history of these annotations, and set their review columns.

    The caller inserts the annotations in the same transaction.
    """
    reviews = [Review(pk=pk) for pk in next_ids(Review, sum(len(work.verdicts) for work in works))]
    taken = _taken_unique_ids(works)
    unused = iter(reviews)
    for work in works:
        work.annotation.ever_reviewed = True
        _build_history(work, actor)
        for verdict in work.verdicts:
            review = next(unused)
            work.reviews.append(review)
            _fill_review(review, verdict, work, actor)
            _keep_unique_id(review, verdict, taken)
        _mark_superseded(work)
        work.annotation.rounds = sum(_counts_as_round(review) for review in work.reviews)
        if work.stands:
            _apply_standing(work)
    rows = [row for work in works for row in work.rows]
    _assign_ids(works, next_ids(History, len(rows)))
    copy_rows(rows)
    copy_rows(reviews)
    return reviews


def _taken_unique_ids(works: Sequence[ImportedWork]) -> set[uuid.UUID]:
    """Of those that the file has: what another review of the project has already."""
    ids = {verdict.unique_id for work in works for verdict in work.verdicts if verdict.unique_id}
    here = Review.objects.filter(
        unique_id__in=ids, project__in={work.annotation.project_id for work in works}
    )
    return set(here.values_list("unique_id", flat=True))


def _keep_unique_id(review: Review, verdict: ImportedVerdict, taken: set[uuid.UUID]) -> None:
    """Keep the unique id of the file unless it is taken; then a new one stays."""
    if verdict.unique_id and verdict.unique_id not in taken:
        review.unique_id = verdict.unique_id
        taken.add(verdict.unique_id)


# --- history ------------------------------------------------------------------------------------


def _build_history(work: ImportedWork, actor: User) -> None:
    """Rows for the first version and for each verdict, and for versions in between that must have existed."""
    annotation, final = work.annotation, work.annotation.result
    current = _first_seen(work)
    _add_version(work, HistoryAction.IMPORTED, current, author=annotation.completed_by_id, actor_id=actor.pk)
    for verdict in work.verdicts:
        seen = _seen_by(verdict, work, current)
        if not same_result(seen, current):
            _add_version(
                work, HistoryAction.IMPORTED, seen, author=annotation.completed_by_id, actor_id=actor.pk
            )
            current = seen
        if verdict.verdict == ActionType.FIXED_AND_ACCEPTED:
            current = final if verdict.after is None else verdict.after
            _add_version(
                work, verdict.verdict, current, author=verdict.reviewer_id, actor_id=verdict.reviewer_id
            )
        else:
            work.rows.append(_row(work, verdict.verdict, verdict.reviewer_id, result=None))
    if not work.stands and not same_result(current, final):
        _add_version(
            work, HistoryAction.IMPORTED, final, author=annotation.completed_by_id, actor_id=actor.pk
        )


def _first_seen(work: ImportedWork) -> list:
    """The first result that a reviewer is known to have seen."""
    return next(
        (verdict.before for verdict in work.verdicts if verdict.before is not None), work.annotation.result
    )


def _seen_by(verdict: ImportedVerdict, work: ImportedWork, current: list) -> list:
    if work.stands and verdict is work.verdicts[-1] and verdict.verdict != ActionType.FIXED_AND_ACCEPTED:
        return work.annotation.result
    return current if verdict.before is None else verdict.before


def _add_version(work: ImportedWork, action: str, result: list, *, author: int, actor_id: int) -> None:
    row = _row(work, action, actor_id, result=result)
    row.author_id = author
    row.label_config_id = work.label_config_id
    work.annotation.version_author_id = author
    work.rows.append(row)


def _row(work: ImportedWork, action: str, actor_id: int, *, result: list | None) -> History:
    return History(
        annotation_id=work.annotation.pk,
        action=action,
        created_by_id=actor_id,
        result=result,
        was_cancelled=work.annotation.was_cancelled,
        annotation_seq=len(work.rows) + 1,
    )


def _assign_ids(works: Sequence[ImportedWork], pks: Iterable[int]) -> None:
    """Set the ids, versions and version numbers of the rows, and the references of the reviews to them."""
    unused = iter(pks)
    for work in works:
        verdict_rows = iter(work.reviews)
        version, number = 0, 0
        for row in work.rows:
            row.pk = next(unused)
            before = version
            if row.result is not None:
                version, number = row.pk, number + 1
                row.number = number
            row.version_id = version
            # Every row that is not an import belongs to the next verdict of the file.
            if row.action != HistoryAction.IMPORTED:
                _link_review(row, next(verdict_rows), before, version)
        work.annotation.current_version_id = version
        work.annotation.version = number
        work.annotation.annotation_seq = len(work.rows)


def _link_review(row: History, review: Review, version_before: int, version: int) -> None:
    row.review_id = review.pk
    row.comment = review.comment
    row.created_at = review.created_at
    row.started_at = review.started_at
    is_fix = row.result is not None
    review.seen_version_id = version_before if is_fix else version
    review.fixed_version_id = version if is_fix else None


# --- reviews ------------------------------------------------------------------------------------


def _fill_review(review: Review, verdict: ImportedVerdict, work: ImportedWork, actor: User) -> None:
    annotation = work.annotation
    review.annotation_id = annotation.pk
    review.task_id = annotation.task_id
    review.project_id = annotation.project_id
    review.verdict = verdict.verdict
    review.created_by_id = verdict.reviewer_id
    review.created_at = verdict.created_at or annotation.updated_at
    review.started_at = verdict.started_at
    review.comment = verdict.comment
    review.reason = verdict.reason
    review.reject_action = verdict.reject_action
    review.imported_by_id = actor.pk
    review.undone_at = verdict.undone_at
    review.undone_by_id = (verdict.undone_by_id or verdict.reviewer_id) if verdict.undone_at else None


def _mark_superseded(work: ImportedWork) -> None:
    """A verdict that was neither undone nor outdated was superseded by the next one."""
    for position, (review, verdict) in enumerate(zip(work.reviews[:-1], work.verdicts, strict=False)):
        if not verdict.undone_at and not _is_outdated(verdict, work.verdicts[position + 1], work):
            review.superseded_by_id = work.reviews[position + 1].pk


def _counts_as_round(review: Review) -> bool:
    """It returned the work to its author, and was neither undone nor superseded."""
    return (
        review.reject_action == RejectAction.REQUEUE
        and review.undone_at is None
        and review.superseded_by_id is None
    )


def _is_outdated(verdict: ImportedVerdict, following: ImportedVerdict, work: ImportedWork) -> bool:
    if verdict.outdated is not None:
        return verdict.outdated
    # The file does not say so: then it is outdated if the next reviewer saw another result.
    signed = verdict.after if verdict.verdict == ActionType.FIXED_AND_ACCEPTED else verdict.before
    return signed is not None and following.before is not None and not same_result(signed, following.before)


def _apply_standing(work: ImportedWork) -> None:
    annotation, review = work.annotation, work.reviews[-1]
    annotation.standing_review_id = review.pk
    columns = standing_columns(
        review.verdict,
        review.reject_action,
        reviewer_id=review.created_by_id,
        at=review.created_at,
        author_id=annotation.completed_by_id,
    )
    for name, value in columns.items():
        setattr(annotation, name, value)
