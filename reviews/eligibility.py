"""Who may decide which work, and what waits for that, as conditions for queries.

The guards of the workflow (reviews.guards) answer the same about one annotation in hand; a property test
holds the two equal. The conditions read columns that annotations and entries of the review queue have in
common (`completed_by`, `written_by`, `last_created_by`, `state`, `task`, `project`), so they serve querysets
of both. `project` names the one project that is asked about, by whose settings a condition can be simpler;
without it the rows may be of any.
"""

from django.db.models import Exists, OuterRef, Q

from tasks.choices import ActionType, AssignmentType
from tasks.models import Assignment, Project
from tasks.roles import may, projects_where
from tasks.state import RETURNED_TO_SOMEBODY, State
from users.models import User

NONE = Q(pk__in=[])
ALL = ~NONE  # not Q(), whose negation is no condition either
# A rejection stands, whether it was sent back or not.
REJECTED = Q(last_action=ActionType.REJECTED, state__in=(State.REJECTED, State.RETURNED, State.POOLED))
OPEN_TASK = Q(task__deleted_at=None, task__closed_at=None)


def own_work(user: User | int | OuterRef) -> Q:
    return Q(completed_by=user) | Q(written_by=user)


def decidable_by(user: User, project: Project | None = None) -> Q:
    """Of rows that a reviewer could decide, those this one may: not their own work, not a contested verdict
    of theirs, and where reviewers get assigned tasks only, their tasks."""
    return may_judge(user, project) & assigned_where_required(user, project)


def may_judge(user: User | int, project: Project | None = None) -> Q:
    """By whose work and whose verdict it is."""
    own = own_work(user) & (~_self_review_allowed(project) | Q(state=State.CONTESTED))
    return ~own & ~own_contested_verdict(user)


def own_contested_verdict(user: User | int) -> Q:
    """A rejection of theirs that its author contests. While a verdict stands, its reviewer is the last who
    acted."""
    return Q(state=State.CONTESTED, last_created_by=user)


def _self_review_allowed(project: Project | None) -> Q:
    if project is None:
        return Q(project__allow_self_review=True)
    return ALL if project.allow_self_review else NONE


def assigned_where_required(user: User, project: Project | None = None) -> Q:
    """Managers are not bound by assignments."""
    if project is not None:
        free = not project.review_only_manual_assignments or may(user, "manage_project", project)
        return ALL if free else given_to_review(user)
    managed = projects_where(user, "manage_project")
    if managed is None:
        return ALL
    required = Q(project__review_only_manual_assignments=True) & ~Q(project__in=managed)
    return ~required | given_to_review(user)


def given_to_review(user: User | int | OuterRef) -> Q:
    given = Assignment.objects.filter(task=OuterRef("task"), user=user, type=AssignmentType.REVIEWER)
    return Q(Exists(given))


def waits_for_review() -> Q:
    """Annotations that somebody is asked to decide: see `in_queue` for which of them are in which queue."""
    return in_reach_of_reviewers() & (
        Q(state=State.WAITING, task__review_required=True) | Q(state=State.CONTESTED)
    )


def in_reach_of_reviewers() -> Q:
    """Reviews are on, and the task is open and, where only finished tasks enter review, finished."""
    finished = Q(project__only_finished_tasks=False) | Q(task__is_labeled=True)
    return OPEN_TASK & finished & Q(project__enable_review_workflow=True)


def returned_to(user: User) -> Q:
    """Annotations that wait for rework by this person."""
    return RETURNED_TO_SOMEBODY & OPEN_TASK & Q(returned_to=user)


# Who has had a task is not handed it again, but for what was sent back to whoever takes it.
HAD = ~Q(state__in=(State.DELETED, State.DRAFT, State.POOLED))
