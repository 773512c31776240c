"""What the database holds, to show that a refusal changed nothing, or that counters tell the truth."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from reviews.models import BulkReview, Comment, Correction, Dispute, FinalPick, Review, TaskReviewer
from reviews.queue import entries
from tasks.choices import ACCEPTING, ActionType, ReviewCriteria
from tasks.errors import Refused
from tasks.models import (
    Annotation,
    Assignment,
    Draft,
    History,
    Project,
    ProjectDelta,
    ProjectTotal,
    Task,
    TaskAnnotator,
)
from tasks.totals import totals_of
from tests.factories import verdicts_checked

KEPT = (
    Annotation,
    Assignment,
    BulkReview,
    Comment,
    Correction,
    Dispute,
    Draft,
    FinalPick,
    History,
    Project,
    ProjectDelta,
    ProjectTotal,
    Review,
    Task,
    TaskAnnotator,
    TaskReviewer,
)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every column of every row that the domain writes, in one statement."""
    tables = [model._meta.db_table for model in KEPT]
    rows = ", ".join(f"(SELECT json_agg(t ORDER BY t::text) FROM {table} t)" for table in tables)
    with connection.cursor() as cursor:
        found = cursor.execute(f"SELECT {rows}").fetchone()
    return dict(zip(tables, found, strict=True))


@contextmanager
def refused(code: str, status: int = 400, **about: Any) -> Iterator[None]:
    """The block is refused with `code`, and nothing in the database is different afterwards. `about`:
    field."""
    before = everything()
    with pytest.raises(Refused) as caught:
        yield
    assert (caught.value.code, caught.value.status) == (code, status)
    assert {name: getattr(caught.value, name) for name in about} == about
    assert caught.value.detail.endswith((".", "?", "!"))
    assert everything() == before


def assert_counters_true(project: Project) -> None:
    """Counters of tasks and totals of the project equal a count made here, by hand, of the annotations."""
    verdicts_checked()
    totals = dict.fromkeys(ProjectTotal.COUNTED, 0)
    for task in Task.objects.filter(project=project, deleted_at=None).prefetch_related(
        "annotations", "predictions"
    ):
        counted = count_by_hand(task, project.review_criteria)
        stored = {name: getattr(task, name) for name in counted}
        assert stored == counted, f"task {task.pk}"
        _add(totals, counted | {"review_required": task.review_required})
    assert totals_of([project.pk])[project.pk] == totals


def count_by_hand(task: Task, criteria: str) -> dict[str, Any]:
    there = [a for a in task.annotations.all() if a.deleted_at is None and not a.is_draft]
    work = [a for a in there if not a.was_cancelled]
    accepted = [a for a in work if a.last_action in ACCEPTING]
    rejected = [a for a in work if a.last_action == ActionType.REJECTED]
    claims = [
        a for a in work if not (a.returned_at and a.returned_to_id is None)
    ]  # returned to anyone: nobody waits for it
    finished = len([a for a in claims if not a.redistributed]) >= task.overlap
    if criteria == ReviewCriteria.ONE:
        reviewed = bool(accepted)
    else:
        settled = [a for a in accepted + rejected if a.returned_at is None]
        reviewed = finished and bool(claims) and len(settled) == len(claims)
    return {
        "total_annotations": len(work),
        "cancelled_annotations": len(there) - len(work),
        "total_predictions": len(task.predictions.all()),
        "is_labeled": finished,
        "reviews_accepted": len(accepted),
        "reviews_rejected": len(rejected),
        "reviewed": reviewed,
    }


def _add(totals: dict[str, int], counted: dict[str, Any]) -> None:
    totals["tasks"] += 1
    totals["finished"] += counted["is_labeled"]
    totals["annotations"] += counted["total_annotations"]
    totals["skipped"] += counted["cancelled_annotations"]
    totals["predictions"] += counted["total_predictions"]
    totals["reviewed"] += counted["reviewed"]
    totals["accepted"] += counted["reviews_accepted"]
    totals["rejected"] += counted["reviews_rejected"]
    totals["sampled"] += counted["review_required"]
    totals["review_done"] += counted["reviewed"] or not counted["review_required"]


def assert_history_whole(annotation: Annotation) -> None:
    """Versions count from 1 without a gap, the newest is the current one, and each row came with a higher
    sequence number."""
    annotation = Annotation.objects.get(pk=annotation.pk)
    rows = list(History.objects.filter(annotation=annotation).order_by("id"))
    versions = [row for row in rows if row.number is not None]
    assert [row.number for row in versions] == list(range(1, annotation.version + 1))
    newest = versions[-1]
    assert (newest.pk, newest.result, newest.was_cancelled, newest.author_id) == (
        annotation.current_version_id,
        annotation.result,
        annotation.was_cancelled,
        annotation.version_author_id,
    )
    seen = [row.annotation_seq for row in rows]
    assert seen == sorted(set(seen))
    assert seen[-1] <= annotation.annotation_seq
    for before, row in zip([None, *rows], rows, strict=False):
        assert row.version_id == (row.pk if row.number else before and before.version_id)


def assert_all_true(project: Project) -> None:
    """Counters, the queue and histories, of everything in the project."""
    project.refresh_from_db()
    assert_counters_true(project)
    tasks = list(Task.objects.filter(project=project, deleted_at=None).values_list("pk", flat=True))
    assert entries.differences(tasks) == []
    for annotation in Annotation.objects.filter(project=project):
        assert_history_whole(annotation)
