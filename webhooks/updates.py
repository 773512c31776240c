"""What changed for one person since they last asked: which objects to read again, never what is in them.

It reads the events that are stored for webhooks. Their positions are assigned to committed rows only, so a
change that commits late is not missed (see `outbox.assign_positions`). See docs/decisions/061.
"""

import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cryptography.fernet import InvalidToken
from django.db.models import Max

from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.roles import projects_where
from tasks.sql import run
from users.models import User
from users.sentences import sentence as _

from .fields import cipher
from .models import Event
from .outbox import KEPT_DAYS

PURPOSE = b"countersign.webhooks.cursor"
SCANNED = 200  # events of one request
LISTED_OF_ONE_EVENT = 50  # more objects than these are one change without ids
KEPT_SECONDS = (KEPT_DAYS - 1) * 86_400
PROJECT, TASK, ANNOTATION = "project", "task", "annotation"
# What is told, as a change of what. REVIEW_CREATED doubles the event of its verdict.
KINDS = {
    "PROJECT_CREATED": PROJECT,
    "PROJECT_UPDATED": PROJECT,
    "PROJECT_DELETED": PROJECT,
    "TASKS_CREATED": TASK,
    "TASKS_DELETED": TASK,
    "TASK_REVIEWED": TASK,
    "TASK_UNREVIEWED": TASK,
    "ANNOTATION_CREATED": ANNOTATION,
    "ANNOTATIONS_CREATED": ANNOTATION,
    "ANNOTATION_UPDATED": ANNOTATION,
    "ANNOTATIONS_DELETED": ANNOTATION,
    "ANNOTATION_ACCEPTED": ANNOTATION,
    "ANNOTATION_REJECTED": ANNOTATION,
    "ANNOTATION_FIXED_AND_ACCEPTED": ANNOTATION,
    "ANNOTATION_REVIEW_WITHDRAWN": ANNOTATION,
    "REVIEWS_DELETED": ANNOTATION,
    "ANNOTATION_CONTESTED": ANNOTATION,
    "ANNOTATION_REOPENED": ANNOTATION,
    "COMMENT_CREATED": ANNOTATION,
    "COMMENT_UPDATED": ANNOTATION,
    "COMMENT_DELETED": ANNOTATION,
    "TASK_CLOSED": TASK,
    "TASK_REOPENED": TASK,
    "ASSIGNMENTS_CREATED": TASK,
    "ASSIGNMENTS_DELETED": TASK,
    "MEMBER_ADDED": PROJECT,
    "MEMBER_UPDATED": PROJECT,
    "MEMBER_REMOVED": PROJECT,
}
NOT_TOLD = {"REVIEW_CREATED", "REVIEW_UPDATED", "PING"}
NOT_TOLD |= {"CROWD_REVIEW_CREATED", "ANNOTATION_TARGET_MET", "CAMPAIGN_COMPLETED"}
NOT_TOLD |= {"AUDIT_REPORT_SUBMITTED", "AUDIT_REPORT_FAILED"}
# What sums up everybody's work: nothing for those who see only their own.
OF_EVERYBODYS_WORK = ["TASK_REVIEWED", "TASK_UNREVIEWED", "ASSIGNMENTS_CREATED", "ASSIGNMENTS_DELETED"]
OF_EVERYBODYS_WORK += ["MEMBER_ADDED", "MEMBER_UPDATED", "MEMBER_REMOVED"]


class Row(NamedTuple):
    """An event without its body."""

    position: int
    project_id: int
    action: str
    tasks: Sequence[int] | None
    annotations: Sequence[int] | None
    created_at: datetime


@dataclass(frozen=True)
class Change:
    """Something to read again; without ids, many things of this kind in the project."""

    kind: str
    action: str
    project: int
    task: int | None
    annotation: int | None
    at: datetime


@dataclass(frozen=True)
class Updates:
    """`position` is where to continue. `reset`: what is missing is not known any more."""

    position: int
    changes: list[Change] = field(default_factory=list)
    more: bool = False
    reset: bool = False


def updates_for(reader: User, project: int | None, after: str | None) -> Updates:
    """`after` is a cursor; None: nothing but where to begin. Raises Refused."""
    position, asked_at = (None, 0.0) if after is None else read_cursor(after)
    if position is None or time.time() - asked_at > KEPT_SECONDS:
        return Updates(newest_position(), reset=after is not None)
    rows = _rows_after(position, reader, project)
    more = len(rows) > SCANNED
    rows = rows[:SCANNED]
    changes = _newest_of_each(_changes(rows, reader))
    return Updates(rows[-1].position if rows else position, changes, more)


def newest_position() -> int:
    return Event.objects.aggregate(newest=Max("position"))["newest"] or 0


# Encrypted, because positions count the events of the whole site, other people's too.
def cursor_at(position: int) -> str:
    token = cipher(PURPOSE).encrypt(struct.pack(">qd", position, time.time()))
    return token.decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, float]:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return struct.unpack(">qd", cipher(PURPOSE).decrypt(padded.encode()))
    except (InvalidToken, ValueError, struct.error):
        raise Refused(
            "invalid_cursor",
            _("This is no cursor of ours. Ask without `after` for a new one, and read again what you show."),
            field="after",
        )


# Most requests are answered by this alone, and building it by the ORM takes longer than running it.
ROWS_AFTER = """
    SELECT position, project_id, action, tasks, annotations, created_at FROM webhooks_event
    WHERE position > %(after)s
        AND (%(projects)s::bigint[] IS NULL OR project_id = ANY(%(projects)s::bigint[]))
        AND (
            action <> ALL(%(of_everybodys_work)s::text[])
            OR %(with_others)s::bigint[] IS NULL OR project_id = ANY(%(with_others)s::bigint[])
        )
    ORDER BY position LIMIT %(limit)s
"""


def _rows_after(position: int, reader: User, project: int | None) -> list[Row]:
    projects = [project] if project else projects_where(reader, "view_project")
    about = {
        "after": position,
        "projects": projects,
        "of_everybodys_work": OF_EVERYBODYS_WORK,
        "with_others": projects_where(reader, "view_all_annotations"),
        "limit": SCANNED + 1,
    }
    return [Row(*row) for row in run(ROWS_AFTER, about)]


def _changes(rows: Sequence[Row], reader: User) -> Iterator[Change]:
    rows = [row for row in rows if row.action in KINDS]
    known = _known(rows, reader)
    for row in rows:
        kind = KINDS[row.action]
        if kind == PROJECT:
            yield _change(row, kind)
            continue
        found = {pk: known[kind][pk] for pk in _ids_to_look_up(row) if pk in known[kind]}
        if len(found) > LISTED_OF_ONE_EVENT:
            yield _change(row, kind)
        elif kind == TASK:
            yield from (_change(row, kind, task) for task in found)
        else:
            yield from (_change(row, kind, task, annotation) for annotation, task in found.items())


def _known(rows: Sequence[Row], reader: User) -> dict[str, dict[int, int]]:
    """For each kind, what the reader sees of it or saw before it was deleted: id → task id."""
    ids: dict[str, set[int]] = {TASK: set(), ANNOTATION: set()}
    for row in rows:
        ids.get(KINDS[row.action], set()).update(_ids_to_look_up(row))
    return {
        kind: dict(model.objects.known_to(reader).filter(pk__in=ids[kind]).values_list("pk", task))
        if ids[kind]
        else {}
        for kind, model, task in ((TASK, Task, "pk"), (ANNOTATION, Annotation, "task"))
    }


def _ids_to_look_up(row: Row) -> Sequence[int]:
    """Of very many tasks, only as many as tell that they are too many to list."""
    if KINDS[row.action] == TASK:
        return (row.tasks or ())[: LISTED_OF_ONE_EVENT + 1]
    return row.annotations or ()


def _change(row: Row, kind: str, task: int | None = None, annotation: int | None = None) -> Change:
    return Change(kind, row.action.lower(), row.project_id, task, annotation, row.created_at)


def _newest_of_each(changes: Iterator[Change]) -> list[Change]:
    """Of several changes of one object the newest, in the order of these."""
    newest: dict[tuple[str, int, int | None, int | None], Change] = {}
    for change in changes:
        key = (change.kind, change.project, change.task, change.annotation)
        newest.pop(key, None)
        newest[key] = change
    return list(newest.values())
