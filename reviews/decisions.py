"""What a reviewer asks for, and how decided rows are written: set-based, one annotation or a thousand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from tasks.choices import ActionType, RejectAction
from tasks.concurrency import NOTHING_SEEN, Seen
from tasks.models import Annotation, History, Task
from tasks.services import history
from tasks.sql import update_rows

from . import corrections
from .corrections import Fix
from .models import BulkReview, Comment, Review

VERDICT_FIELDS = (
    "last_action",
    "last_created_by",
    "standing_review_id",
    "ever_reviewed",
    "redistributed",
    "returned_at",
    "returned_to",
    "rounds",
    "contested_at",
    "upheld",
    "annotation_seq",
    "updated_at",
    "updated_by",
)
VERSION_FIELDS = ("result", "was_cancelled", "version", "current_version", "version_author")


@dataclass(frozen=True)
class Intent:
    """A verdict as it was asked for."""

    verdict: ActionType
    comment: str = ""
    reject_action: str | None = None
    assignee: Any = None
    reason: str = ""
    result: list[dict[str, Any]] | None = None
    seen: Seen = NOTHING_SEEN
    started_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "comment", self.comment.strip())

    def on(self, **changes: Any) -> "Intent":
        return replace(self, **changes)


@dataclass
class Sentence:
    """One verdict about to be written on one locked annotation."""

    annotation: Annotation
    intent: Intent
    before: History | None = None  # where the current version is the reviewer's own: the annotator's last one
    signs_edit: bool = False  # the current version is the fix, by plain edit
    comment: Comment | None = None
    review: Review = field(init=False)

    @property
    def rewrites(self) -> bool:
        return self.intent.verdict == ActionType.FIXED_AND_ACCEPTED and not self.signs_edit


@dataclass(frozen=True)
class Decision:
    """What came of it: the review that stands now, on which annotation and task. `notice` is for the person's eyes."""

    review: Review
    annotation: Annotation
    task: Task
    repeated: bool = False
    notice: str = ""


def write(sentences: Sequence[Sentence], *, actor, bulk: BulkReview | None = None) -> None:
    """Reviews, history and annotations of decided sentences. The caller holds the locks, counts and tells."""
    superseded = {
        s.annotation.pk: s.annotation.standing_review_id for s in sentences if s.annotation.standing_review_id
    }
    for sentence in sentences:
        sentence.review = _review(sentence, actor, bulk)
    fixes = [_fix(s) for s in sentences if s.intent.verdict == ActionType.FIXED_AND_ACCEPTED]
    versions = _rewrite([s for s in sentences if s.rewrites], actor)
    Review.objects.bulk_create([s.review for s in sentences])
    corrections.record(fixes)
    for sentence in sentences:
        _pronounce(sentence, actor)
    _write_history(sentences, versions, actor)
    annotations = [s.annotation for s in sentences]
    update_rows(annotations, [*VERDICT_FIELDS, *(VERSION_FIELDS if versions else ())])
    _supersede(sentences, superseded)


def _review(sentence: Sentence, actor, bulk: BulkReview | None) -> Review:
    annotation, intent = sentence.annotation, sentence.intent
    return Review(
        annotation=annotation,
        task=annotation.task,
        project=annotation.project,
        verdict=intent.verdict,
        created_by=actor,
        started_at=intent.started_at,
        comment=sentence.comment.text if sentence.comment else intent.comment,
        comment_object=sentence.comment,
        reason=intent.reason,
        reject_action=intent.reject_action if intent.verdict == ActionType.REJECTED else None,
        seen_version_id=sentence.before.pk if sentence.before else annotation.current_version_id,
        fixed_version_id=annotation.current_version_id if sentence.signs_edit else None,
        bulk=bulk,
    )


def _fix(sentence: Sentence) -> Fix:
    """Asked before the result is rewritten."""
    annotation, before = sentence.annotation, sentence.before
    if before:
        return Fix(
            sentence.review, before.result or [], author_id=before.author_id or annotation.completed_by_id
        )
    return Fix(sentence.review, annotation.result, author_id=annotation.version_author_id)


def _rewrite(sentences: list[Sentence], actor) -> dict[int, History]:
    """Give fixed annotations their new result; the version rows are written with the rest of the history."""
    for sentence in sentences:
        annotation = sentence.annotation
        annotation.result = sentence.intent.result
        annotation.version += 1
        annotation.version_author = actor
        annotation.annotation_seq += 1
    annotations = [s.annotation for s in sentences]
    rows = history.new_versions(annotations, ActionType.FIXED_AND_ACCEPTED, actor) if annotations else []
    for sentence, row in zip(sentences, rows, strict=True):
        sentence.review.fixed_version_id = row.pk
    return {row.annotation_id: row for row in rows}


def _pronounce(sentence: Sentence, actor) -> None:
    annotation, intent, now = sentence.annotation, sentence.intent, timezone.now()
    requeued = intent.reject_action == RejectAction.REQUEUE
    annotation.rounds = earlier_rounds(annotation) + requeued
    contested = annotation.contested_at is not None
    annotation.upheld = intent.verdict == ActionType.REJECTED and (contested or annotation.upheld)
    annotation.contested_at = None
    annotation.last_action = intent.verdict
    annotation.last_created_by = actor
    annotation.standing_review_id = sentence.review.pk
    annotation.ever_reviewed = True
    annotation.redistributed = intent.reject_action == RejectAction.REDISTRIBUTE
    annotation.returned_at = now if requeued else None
    annotation.returned_to = annotation.completed_by if requeued else None
    annotation.updated_at = now
    annotation.updated_by = actor
    if not sentence.rewrites:  # a rewrite has raised it already
        annotation.annotation_seq += 1


def earlier_rounds(annotation: Annotation) -> int:
    """How often rejects sent it back before the standing verdict, which a new one supersedes."""
    sent_back = annotation.standing_review_id is not None and annotation.returned_at is not None
    return annotation.rounds - sent_back


def _write_history(sentences: Sequence[Sentence], versions: dict[int, History], actor) -> None:
    rows = []
    for sentence in sentences:
        row = versions.get(sentence.annotation.pk) or history.row(
            sentence.annotation, sentence.intent.verdict, actor
        )
        row.review_id = sentence.review.pk
        row.started_at = sentence.intent.started_at
        row.comment = sentence.review.comment
        row.comment_id = sentence.review.comment_object_id
        rows.append(row)
    History.objects.bulk_create(rows)


def _supersede(sentences: Sequence[Sentence], superseded: dict[int, int]) -> None:
    old = [
        Review(pk=superseded[s.annotation.pk], superseded_by=s.review)
        for s in sentences
        if s.annotation.pk in superseded
    ]
    update_rows(old, ["superseded_by"])
