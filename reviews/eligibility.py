"""Who may decide which annotations, and which of them wait for review, as conditions for queries.

The guards of the workflow (reviews/guards.py) answer the same for one annotation; a property test
(tests/reviews/test_eligibility.py) checks that the two agree. The conditions use only columns that
annotations and queue entries have in common (`completed_by`, `written_by`, `last_created_by`, `state`,
`task`, `project`), so they work in querysets of both. With `project`, all rows are of that project, and its
settings make the condition simpler.
"""

from django.db.models import Exists, OuterRef, Q

from tasks.choices import ActionType, AssignmentType
from tasks.models import Assignment, Project
from tasks.roles import may, projects_where
from tasks.state import RETURNED_TO_SOMEBODY, State
from users.models import User

NONE = Q(pk__in=[])
ALL = ~NONE  # not Q(): that is dropped from conditions, and so is ~Q()
# A rejection stands, and nobody contests it.
REJECTED = Q(last_action=ActionType.REJECTED, state__in=(State.REJECTED, State.RETURNED, State.POOLED))
OPEN_TASK = Q(task__deleted_at=None, task__closed_at=None)


def own_work(user: User | int | OuterRef) -> Q:
    return Q(completed_by=user) | Q(written_by=user)


def decidable_by(user: User, project: Project | None = None) -> Q:
    """What this reviewer may decide: not their own work, not a contested rejection of theirs, and, where
    reviewers get assigned tasks only, only those."""
    return independent_of(user, project) & assigned_if_required(user, project)


def independent_of(user: User | int, project: Project | None = None) -> Q:
    """As far as it depends on who wrote the annotation, and who signed its verdict."""
    own = own_work(user) & (~_self_review_allowed(project) | Q(state=State.CONTESTED))
    return ~own & ~own_contested_verdict(user)


def own_contested_verdict(user: User | int) -> Q:
    """Their rejection, contested by its author. While a verdict stands, `last_created_by` is its reviewer."""
    return Q(state=State.CONTESTED, last_created_by=user)


def _self_review_allowed(project: Project | None) -> Q:
    if project is None:
        return Q(project__allow_self_review=True)
    return ALL if project.allow_self_review else NONE


def assigned_if_required(user: User, project: Project | None = None) -> Q:
    """Managers need no assignment."""
    if project is not None:
        free = not project.review_only_manual_assignments or may(user, "manage_project", project)
        return ALL if free else assigned_to_review(user)
    managed = projects_where(user, "manage_project")
    if managed is None:
        return ALL
    required = Q(project__review_only_manual_assignments=True) & ~Q(project__in=managed)
    return ~required | assigned_to_review(user)


def assigned_to_review(user: User | int | OuterRef) -> Q:
    return Q(
        Exists(Assignment.objects.filter(task=OuterRef("task"), user=user, type=AssignmentType.REVIEWER))
    )


def waits_for_review() -> Q:
    """Annotations that wait for a decision. Contested ones wait even in tasks outside the review sample."""
    return open_for_review() & (Q(state=State.WAITING, task__review_required=True) | Q(state=State.CONTESTED))


def open_for_review() -> Q:
    """Reviews are on, the task is open, and it is finished where only finished tasks enter review."""
    finished = Q(project__only_finished_tasks=False) | Q(task__is_labeled=True)
    return OPEN_TASK & finished & Q(project__enable_review_workflow=True)


def returned_to(user: User) -> Q:
    """Annotations that this person should rework."""
    return RETURNED_TO_SOMEBODY & OPEN_TASK & Q(returned_to=user)


# Whoever has such an annotation is not offered the task again. A pooled one may be redone by anybody.
HAD_TASK = ~Q(state__in=(State.DELETED, State.DRAFT, State.POOLED))
