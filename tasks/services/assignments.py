"""Which tasks are assigned to whom, to annotate or to review."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, prefetch_related_objects

from users.models import User

from .. import events
from ..choices import AssignmentType
from ..models import Annotation, Assignment, Project, Task
from ..roles import may, role_in
from ..state import ABSENT

Row = tuple[int, int, str]  # task, person, type

# Of rows that exist already nothing is returned, so that each assignment is told of once.
_ADD = """
    INSERT INTO tasks_assignment (task_id, user_id, type, created_at)
    SELECT DISTINCT *, now() FROM unnest(%(tasks)s::bigint[], %(users)s::bigint[], %(types)s::text[])
    ON CONFLICT DO NOTHING RETURNING id, task_id, user_id, type
"""


def assign(tasks: Iterable[Task], users: Collection[User], kind: str, *, actor: User | None = None) -> None:
    """Users who are not members of a task's project are skipped."""
    by_project: dict[int, list[Row]] = defaultdict(list)
    for task in tasks:
        by_project[task.project_id] += [
            (task.pk, user.pk, str(kind)) for user in users if role_in(task.project_id, user)
        ]
    for project_id, rows in by_project.items():
        add(project_id, rows, actor=actor)


def add(project_id: int, rows: Collection[Row], *, actor: User | None) -> None:
    """Assignments of one project, those that do not exist yet."""
    if not rows:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        columns = zip(*rows, strict=True)
        cursor.execute(_ADD, dict(zip(("tasks", "users", "types"), map(list, columns), strict=True)))
        made = [Assignment(pk=pk, task_id=t, user_id=u, type=kind) for pk, t, u, kind in cursor.fetchall()]
        _tell(events.ASSIGNED, project_id, made, actor)


def remove(rows: QuerySet[Assignment], *, actor: User | None) -> int:
    """Delete these assignments. Returns how many."""
    with transaction.atomic():
        gone = list(rows.select_for_update(of=("self",)).select_related("task").order_by("pk"))
        Assignment.objects.filter(pk__in=[row.pk for row in gone]).delete()
        by_project: dict[int, list[Assignment]] = defaultdict(list)
        for row in gone:
            by_project[row.task.project_id].append(row)
        for project_id, some in by_project.items():
            _tell(events.UNASSIGNED, project_id, some, actor)
    return len(gone)


def _tell(kind: str, project_id: int, rows: list[Assignment], actor: User | None) -> None:
    if rows:
        prefetch_related_objects(rows, "user")
        project = Project.objects.get(pk=project_id)
        events.emit(kind, project, actor=actor, subjects=tuple(sorted(rows, key=lambda row: row.pk)))


def unassign(
    tasks: Iterable[Task | int],
    *,
    kind: str | None = None,
    users: Iterable[User | int] | None = None,
    keep: Iterable[User] = (),
    actor: User | None = None,
) -> int:
    """Unassign these people, or everybody but those in `keep`. Returns the number of assignments removed.

    Without a kind: as annotators and as reviewers.
    """
    rows = Assignment.objects.filter(task__in=tasks).exclude(user__in=keep)
    if kind is not None:
        rows = rows.filter(type=kind)
    if users is not None:
        rows = rows.filter(user__in=users)
    return remove(rows, actor=actor)


def replace(
    tasks: Collection[Task], users: Collection[User], kind: str, *, actor: User | None = None
) -> None:
    """Assign the tasks to these people only."""
    with transaction.atomic():
        unassign(tasks, kind=kind, keep=users, actor=actor)
        assign(tasks, users, kind, actor=actor)


def open_assignments(project: Project) -> QuerySet[Assignment]:
    """Not done yet: the annotator has not annotated, or the task still needs a verdict."""
    found = Assignment.objects.filter(task__project=project, task__deleted_at=None, task__closed_at=None)
    done = Annotation.objects.filter(task=OuterRef("task"), completed_by=OuterRef("user")).exclude(
        state__in=ABSENT
    )
    to_annotate = Q(type=AssignmentType.ANNOTATOR, task__is_labeled=False) & ~Exists(done)
    to_review = Q(type=AssignmentType.REVIEWER, task__reviewed=False)
    return found.filter(to_annotate | to_review)


@dataclass
class Reassigned:
    """How many of each were reassigned.

    `left`: assignments that `to` may not take (own work, or not their role).
    """

    returned: int = 0
    assignments: int = 0
    left: int = 0


def reassign(project: Project, person: User, *, to: User | None, actor: User | None = None) -> Reassigned:
    """The open assignments of `person` go to `to`, or to nobody: anybody may draw them."""
    given = list(open_assignments(project).filter(user=person).select_related("task"))
    taken = given if to is None else [row for row in given if _may_take(row, to)]
    remove(Assignment.objects.filter(pk__in=[row.pk for row in taken]), actor=actor)
    if to is not None:
        # `to` may have some of these tasks already.
        add(project.pk, [(row.task_id, to.pk, row.type) for row in taken], actor=actor)
    return Reassigned(assignments=len(taken), left=len(given) - len(taken))


def _may_take(row: Assignment, to: User) -> bool:
    if row.type == AssignmentType.REVIEWER:
        return may(to, "review_annotation", row.task.project_id)
    return not Annotation.objects.filter(task=row.task_id, completed_by=to, deleted_at=None).exists()
