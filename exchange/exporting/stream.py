"""Exports a project in chunks, in flat memory, with the state of one instant."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from reviews.models import Comment, Review
from tasks.labelconfig import parse
from tasks.models import Annotation, History, Prediction, Project, Task
from tasks.pseudonyms import Identities
from tasks.sql import streamed
from users.models import User

from .bodies import (
    Body,
    People,
    Results,
    annotation_body,
    deleted_body,
    prediction_body,
    task_body,
    without_signers,
)
from .formats import FORMATS, Columns, Format
from .selection import Selection

CHUNK = 500  # tasks
CLOCKS_DIFFER = timedelta(
    seconds=2
)  # rows are dated by the web server's clock, transactions by the database's


def export(
    project: Project, selection: Selection, format: Format = FORMATS["JSON"]
) -> tuple[datetime, Iterator[bytes]]:
    """The instant whose state the export has, and its bytes.

    Until the last byte has been read, a transaction is open: use the connection for nothing else but reading.
    """
    chunks = _chunks(project, selection, format)
    return next(chunks), chunks  # type: ignore[return-value]


def _chunks(project: Project, selection: Selection, format: Format) -> Iterator[Any]:
    with snapshot() as instant:
        yield instant
        columns = _columns(project, selection) if format.rows_only else Columns()
        yield from format.write(bodies_of(project, selection), columns)


@contextmanager
def snapshot() -> Iterator[datetime]:
    """A transaction in which every read sees the database as it was at one instant, the one given.

    PostgreSQL wants the isolation level before the first query, so nothing may be read earlier in the
    transaction. Within another transaction, as in many tests, reads see what that one sees.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT clock_timestamp()")
        yield cursor.fetchone()[0]


def bodies_of(project: Project, selection: Selection) -> Iterator[Body]:
    """Every task selected, then those deleted. Within a snapshot."""
    present = (body for tasks in _tasks(project, selection) for body in _bodies(tasks, selection))
    return chain(present, _deleted(project, selection))


def _columns(project: Project, selection: Selection) -> Columns:
    """The columns for these tasks: controls as in the label configuration, everything else by name."""
    chosen = tasks_in(project, selection).order_by()
    with connection.cursor() as cursor:
        keys = _names(cursor, _KEYS, chosen.values("pk"))
        given = _names(cursor, _CONTROLS, chosen.values("pk"))
        related = bool(_names(cursor, _RELATIONS, chosen.values("pk")))
    return Columns(
        dict.fromkeys(keys),
        dict.fromkeys([*parse(project.label_config).controls, *given]),
        with_relations=related,
        every_task=selection.without_annotations,
    )


_KEYS = """
    SELECT DISTINCT jsonb_object_keys(data) FROM tasks_task
    WHERE jsonb_typeof(data) = 'object' AND id IN ({}) ORDER BY 1
"""
_CONTROLS = """
    SELECT DISTINCT region->>'from_name' FROM tasks_annotation, jsonb_path_query(result, 'lax $[*]') region
    WHERE deleted_at IS NULL AND NOT is_draft AND region->>'from_name' <> '' AND task_id IN ({}) ORDER BY 1
"""
_RELATIONS = """
    SELECT id FROM tasks_annotation
    WHERE deleted_at IS NULL AND NOT is_draft AND result @> '[{{"type": "relation"}}]' AND task_id IN ({})
    LIMIT 1
"""


def _names(cursor: Any, statement: str, chosen: QuerySet) -> list[str]:
    inner, values = chosen.query.sql_with_params()
    cursor.execute(statement.format(inner), values)
    return [row[0] for row in cursor.fetchall()]


def oldest_open_work() -> datetime:
    """The instant up to which everything written is certain to be in the next snapshot.

    The next export of changes starts here, not at the instant of this one: a row is dated when it is written,
    but is seen only after its commit. Must be called before the snapshot, outside its transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        return cursor.fetchone()[0] - CLOCKS_DIFFER


_OLDEST = """
    SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def tasks_in(project: Project, selection: Selection) -> QuerySet[Task]:
    """The tasks that a selection includes, without the deleted ones."""
    tasks = _by_id(project, selection).filter(selection.tasks, deleted_at=None)
    if since := selection.changed_since:
        return tasks.filter(Q(updated_at__gte=since) | Q(last_comment_updated_at__gte=since))
    return tasks


def _by_id(project: Project, selection: Selection) -> QuerySet[Task]:
    tasks = Task.objects.filter(project=project).order_by("pk")
    return tasks if selection.ids is None else tasks.filter(pk__in=selection.ids)


def _deleted(project: Project, selection: Selection) -> Iterator[Body]:
    if selection.changed_since:
        deleted = _by_id(project, selection).filter(deleted_at__gte=selection.changed_since, is_staged=False)
        columns = ("unique_id", "external_id", "project_id", "deleted_at")
        yield from map(deleted_body, streamed(deleted.only(*columns), CHUNK))


def _tasks(project: Project, selection: Selection) -> Iterator[list[Task]]:
    wanted = tasks_in(project, selection)
    # Pages by id: with an offset each page would be slower than the one before.
    last = 0
    while tasks := list(wanted.filter(pk__gt=last)[:CHUNK]):
        last = tasks[-1].pk
        yield [
            t
            for t in tasks
            if selection.without_annotations or t.total_annotations or t.cancelled_annotations
        ]


def _bodies(tasks: Sequence[Task], selection: Selection) -> Iterator[Body]:
    ids = [task.pk for task in tasks]
    present = Annotation.objects.filter(selection.annotations, task__in=ids, deleted_at=None, is_draft=False)
    annotations = list(present.order_by("pk"))
    reviews = list(
        Review.objects.filter(annotation__in=[a.pk for a in annotations if a.ever_reviewed]).order_by("-pk")
    )
    predictions = _by_task(Prediction.objects.filter(task__in=ids).order_by("pk"))
    comments = _comments(tasks)
    people, results = _people(annotations, reviews, comments, selection.identities), _results(reviews)
    reviews_of, comments_on = _by_annotation(reviews), _by_annotation(comments)
    annotations_of, comments_of = _by_task(annotations), _by_task(comments)
    deleted = _deleted_annotations(tasks, selection)
    contested = {a.pk for a in annotations if selection.hides(a)}
    for task in tasks:
        body = task_body(
            task,
            annotations=[
                annotation_body(
                    a,
                    reviews_of[a.pk],
                    comments_on[a.pk],
                    people=people,
                    results=results,
                )
                for a in annotations_of[task.pk]
            ],
            predictions=[prediction_body(prediction) for prediction in predictions[task.pk]],
            comment_authors=[*{comment.created_by_id for comment in comments_of[task.pk]}],
            people=people,
        )
        body = without_signers(body, contested) if contested else body
        yield body if deleted is None else body | {"deleted_annotations": deleted.get(task.pk, [])}


def _deleted_annotations(tasks: Sequence[Task], selection: Selection) -> dict[int, list[int]] | None:
    if selection.changed_since is None:
        return None
    gone = Annotation.objects.filter(
        task__in=[task.pk for task in tasks], deleted_at__gte=selection.changed_since
    )
    return {
        task: [row.pk for row in rows] for task, rows in _by_task(gone.only("task_id").order_by("pk")).items()
    }


def _by_task(rows: Iterable[Any]) -> dict[int, list[Any]]:
    return _grouped(rows, attrgetter("task_id"))


def _by_annotation(rows: Iterable[Any]) -> dict[int, list[Any]]:
    return _grouped(rows, attrgetter("annotation_id"))


def _grouped(rows: Iterable[Any], key: Callable[[Any], int]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return grouped


def _people(
    annotations: Sequence[Annotation],
    reviews: Sequence[Review],
    comments: Sequence[Comment],
    identities: Identities,
) -> People:
    ids = (
        {a.completed_by_id for a in annotations}
        | {c.created_by_id for c in comments}
        | {r.created_by_id for r in reviews}
        | {pk for r in reviews for pk in (r.undone_by_id, r.imported_by_id) if pk}
    )
    return People(
        identities, User.objects.only("email", "placeholder_for", "first_name", "last_name").in_bulk(ids)
    )


def _results(reviews: Sequence[Review]) -> Results:
    versions = {r.seen_version_id for r in reviews} | {
        r.fixed_version_id for r in reviews if r.fixed_version_id
    }
    return dict(History.objects.filter(pk__in=versions).order_by().values_list("pk", "result"))


def _comments(tasks: Sequence[Task]) -> list[Comment]:
    """Also those on drafts, which count in the numbers of their task."""
    commented = [task.pk for task in tasks if task.comment_count]
    return list(Comment.objects.present().filter(task__in=commented).order_by("pk"))
