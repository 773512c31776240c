"""Which tasks are assigned to whom, to annotate or to review."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from users.models import User

from ..choices import AssignmentType
from ..models import Annotation, Assignment, Project, Task
from ..roles import may, role_in
from ..state import ABSENT


def assign(tasks: Iterable[Task], users: Collection[User], kind: str) -> None:
    """Users who are not members of a task's project are skipped."""
    rows = [
        Assignment(task=task, user=user, type=kind)
        for task in tasks
        for user in users
        if role_in(task.project_id, user)
    ]
    Assignment.objects.bulk_create(rows, ignore_conflicts=True)


def unassign(
    tasks: Iterable[Task | int],
    *,
    kind: str | None = None,
    users: Iterable[User | int] | None = None,
    keep: Iterable[User] = (),
) -> int:
    """Unassign these people, or everybody but those in `keep`. Returns the number of assignments removed.

    Without a kind: as annotators and as reviewers.
    """
    rows = Assignment.objects.filter(task__in=tasks).exclude(user__in=keep)
    if kind is not None:
        rows = rows.filter(type=kind)
    if users is not None:
        rows = rows.filter(user__in=users)
    return rows.delete()[0]


def replace(tasks: Collection[Task], users: Collection[User], kind: str) -> None:
    """Assign the tasks to these people only."""
    with transaction.atomic():
        unassign(tasks, kind=kind, keep=users)
        assign(tasks, users, kind)


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


def reassign(project: Project, person: User, *, to: User | None) -> Reassigned:
    """The open assignments of `person` go to `to`, or to nobody: anybody may draw them."""
    given = list(open_assignments(project).filter(user=person).select_related("task"))
    taken = given if to is None else [row for row in given if _may_take(row, to)]
    Assignment.objects.filter(pk__in=[row.pk for row in taken]).delete()
    if to is not None:
        # `to` may have some of these tasks already.
        rows = [Assignment(task_id=row.task_id, user=to, type=row.type) for row in taken]
        Assignment.objects.bulk_create(rows, ignore_conflicts=True)
    return Reassigned(assignments=len(taken), left=len(given) - len(taken))


def _may_take(row: Assignment, to: User) -> bool:
    if row.type == AssignmentType.REVIEWER:
        return may(to, "review_annotation", row.task.project_id)
    return not Annotation.objects.filter(task=row.task_id, completed_by=to, deleted_at=None).exists()
