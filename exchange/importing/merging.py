"""Tasks that exist already and are updated: which of their annotations a file means, and what of those is not
taken from it. A dry run asks the same.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from reviews.models import Comment, Review
from tasks.models import Annotation, Draft, Prediction, Project, Task
from tasks.results import same_result
from users.sentences import sentence as _

from .duplicates import taken_unique_ids
from .entries import AnnotationEntry, CommentEntry, TaskEntry
from .problems import Problems
from .report import Located, Report, annotations_of
from .verdicts import VerdictEntry

NOT_KEPT = "annotation_exists"  # why a verdict is not kept, in the report

Placed = tuple[TaskEntry, Task]
IdOf = Callable[[str], int | None]  # of a key of the file (see fields.as_person); None: not known here
Row = TypeVar("Row", Annotation, Review, Comment, Draft)


@dataclass(frozen=True)
class Match:
    """An annotation of the file, and the one that it is here; None if it is new."""

    sent: Located
    here: Annotation | None

    @property
    def is_equal(self) -> bool:
        return self.here is not None and _is_equal(self.sent.entry, self.here)


def matches_of(project: Project, placed: Sequence[Placed], id_of: IdOf) -> list[Match]:
    """By unique id. One without is the same as one by the same person with an equal result."""
    tasks = [task.pk for _, task in placed]
    here = _grouped(Annotation.objects.filter(task__in=tasks, deleted_at=None), "task_id")
    sent = annotations_of(placed)
    taken = taken_unique_ids(project, [one.entry.unique_id for one in sent if one.entry.unique_id])
    return [Match(one, _counterpart(one.entry, here[one.task.pk], taken, id_of)) for one in sent]


def _counterpart(
    entry: AnnotationEntry, candidates: Sequence[Annotation], taken: Collection[uuid.UUID], id_of: IdOf
) -> Annotation | None:
    if entry.unique_id and (named := [one for one in candidates if one.unique_id == entry.unique_id]):
        return named[0]
    # If its id was taken in another task, it got another one when it was imported.
    if entry.unique_id and entry.unique_id not in taken:
        return None
    author = id_of(entry.author)
    mine = (one for one in candidates if one.completed_by_id == author and _is_equal(entry, one))
    return next(mine, None)


def _is_equal(entry: AnnotationEntry, annotation: Annotation) -> bool:
    return annotation.was_cancelled == entry.fields["was_cancelled"] and same_result(
        annotation.result, entry.result
    )


def new_predictions(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """Those that their task does not have, as rows to save."""
    sent = [(entry, task.pk) for entry, task in placed if entry.predictions]
    known = defaultdict(list)
    for prediction in Prediction.objects.filter(task__in=[pk for _entry, pk in sent]):
        known[prediction.task_id, prediction.model_version, prediction.score].append(prediction.result)
    return [
        {"task": pk, "result": one.result, "score": one.score, "model_version": one.model_version}
        for entry, pk in sent
        for one in entry.predictions
        if not any(same_result(one.result, old) for old in known[pk, one.model_version, one.score])
    ]


# --- what is not taken -------------------------------------------------------------------------------


def note_not_taken(
    placed: Sequence[Placed], matches: Sequence[Match], report: Report, problems: Problems, id_of: IdOf
) -> None:
    """An annotation that is here keeps its author, verdicts and comments, and a task its drafts: what else
    the file has of these is counted, and a warning."""
    found = [(one.sent, one.here) for one in matches if one.here]
    ids = [here.pk for _, here in found]
    reviews = _grouped(Review.objects.filter(annotation__in=ids), "annotation_id")
    comments = _grouped(Comment.objects.filter(annotation__in=ids, deleted_at=None), "annotation_id")
    for sent, here in found:
        _note_annotation(sent, here, reviews[here.pk], comments[here.pk], report, problems, id_of)
    _note_drafts(placed, report, problems, id_of)


def _note_annotation(
    sent: Located,
    here: Annotation,
    reviews: Sequence[Review],
    comments: Sequence[Comment],
    report: Report,
    problems: Problems,
    id_of: IdOf,
) -> None:
    entry, path = sent.entry, f"annotations[{sent.position}]"
    exists = _("is not imported: the annotation exists already")
    if entry.author and id_of(entry.author) != here.completed_by_id:
        problems.warn(sent.item, f"{path}.completed_by", exists)
    if entry.fields["ground_truth"] and not here.ground_truth:
        problems.warn(sent.item, f"{path}.ground_truth", exists)
    verdicts = entry.review_state.verdicts
    if not all(_has_verdict(reviews, one, id_of(one.reviewer)) for one in verdicts):
        report.count_not_kept(sent.item.number, sent.position, NOT_KEPT)
        problems.warn(sent.item, f"{path}.reviews", exists)
    elif not verdicts and (reason := entry.review_state.not_kept_because) and not here.standing_review_id:
        report.count_not_kept(sent.item.number, sent.position, reason)
    for one in entry.comments:
        if not _has_comment(comments, one, id_of(one.author)):
            report.comments_ignored += 1
            problems.warn(sent.item, f"{path}.comments", exists)


def _has_verdict(reviews: Iterable[Review], entry: VerdictEntry, reviewer: int | None) -> bool:
    return any(
        review.unique_id == entry.unique_id
        or (
            (review.created_by_id, review.verdict) == (reviewer, entry.verdict)
            and entry.created_at in (None, review.created_at)
        )
        for review in reviews
    )


def _has_comment(comments: Iterable[Comment], entry: CommentEntry, author: int | None) -> bool:
    # An export leaves out who wrote it where the reader may not know.
    return any(
        comment.text == entry.text and (not entry.author or comment.created_by_id == author)
        for comment in comments
    )


def _note_drafts(placed: Sequence[Placed], report: Report, problems: Problems, id_of: IdOf) -> None:
    with_drafts = [task.pk for entry, task in placed if entry.drafts]
    here = _grouped(Draft.objects.filter(task__in=with_drafts, annotation=None), "task_id")
    for entry, task in placed:
        report.drafts_ignored += entry.ignored_drafts
        report.comments_ignored += entry.ignored_comments
        for place, draft in enumerate(entry.drafts):
            mine = (one for one in here[task.pk] if one.user_id == id_of(draft.author))
            if not any(same_result(one.result, draft.result) for one in mine):
                report.drafts_ignored += 1
                exists = _("is not imported: the task exists already")
                problems.warn(entry.item, f"drafts[{place}]", exists)


def _grouped(rows: Iterable[Row], key: str) -> dict[int, list[Row]]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[getattr(row, key)].append(row)
    return grouped
