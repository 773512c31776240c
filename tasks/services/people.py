"""The people of a project as work sees them: who is here to do it, and what waits on somebody who is not.

Removing, pausing or deactivating somebody keeps their work, verdicts and counts under their name. What waited on them is
ownerless until a lead gives it to somebody else, or to the pool: then whoever draws it next does it.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from users.capabilities import PROJECT_ROLES, SITE_ROLES, roles_with

from .. import events
from ..choices import AssignmentType
from ..errors import Refused
from ..models import Annotation, Assignment, Draft, Membership, Project
from ..roles import may, role_in
from . import reservations

INACTIVE, REMOVED, PAUSED = "inactive", "removed", "paused"
_ID = BigIntegerField()
RETURNED, ASSIGNED, DRAFT = "returned", "assignment", "draft"


def set_paused(membership: Membership, paused: bool, *, actor: Any) -> Membership:
    """Somebody paused gets no new work; what was returned to them they may still finish. What they hold is free for others."""
    if membership.paused == paused:
        return membership
    with transaction.atomic():
        membership.paused = paused
        membership.save(update_fields=["paused"])
        if paused:
            left_off(membership.project, membership.user, actor=actor)
    return membership


def left_off(project: Project, user: Any, *, actor: Any) -> None:
    """They get nothing new here from now on: what they hold just now goes to others."""
    reservations.release_all(project, user)
    events.tell(events.PERSON_LEFT_OFF, project, actor=actor, subjects=(user,))


# --- who is here ------------------------------------------------------------------------------------


def at_work(project: Project, capability: str = "annotate") -> QuerySet[Membership]:
    """The members who get work of this kind: active, not paused, no placeholder."""
    roles = [role for role in PROJECT_ROLES if role in roles_with(capability)]
    found = Membership.objects.filter(project=project, paused=False, role__in=roles)
    return found.filter(user__is_active=True, user__is_placeholder=False)


def is_at_work(user: Any, project: Project) -> bool:
    if role_in(project.pk, user) is None or user.is_placeholder:
        return False
    return not Membership.objects.filter(project=project, user=user, paused=True).exists()


def away(person: str, project: Project) -> Q:
    """Rows whose `person` (a lookup) does no work here: deactivated, removed or paused."""
    return _inactive(person) | _removed(person, project) | _paused(person, project)


def why_away(person: str, project: Project) -> Case:
    return Case(
        When(_inactive(person), then=Value(INACTIVE)),
        When(_paused(person, project), then=Value(PAUSED)),
        default=Value(REMOVED),
        output_field=CharField(),
    )


def _inactive(person: str) -> Q:
    return Q(**{f"{person}__is_active": False}) | Q(**{f"{person}__is_placeholder": True})


def _removed(person: str, project: Project) -> Q:
    member = Exists(Membership.objects.filter(project=project, user=OuterRef(person)))
    runs_site = Q(**{f"{person}__is_superuser": True}) | Q(**{f"{person}__site_role__in": SITE_ROLES})
    return ~Q(member) & ~runs_site


def _paused(person: str, project: Project) -> Q:
    return Q(Exists(Membership.objects.filter(project=project, user=OuterRef(person), paused=True)))


# --- what waits on somebody who is not --------------------------------------------------------------


def returned_to_absent(project: Project) -> QuerySet[Annotation]:
    waiting = Annotation.objects.present().filter(project=project, is_draft=False, returned_at__isnull=False)
    return waiting.filter(away("returned_to", project), returned_to__isnull=False, task__closed_at=None)


def assigned_to_absent(project: Project) -> QuerySet[Assignment]:
    return open_assignments(project).filter(away("user", project))


def drafts_of_absent(project: Project) -> QuerySet[Draft]:
    begun = Draft.objects.filter(
        task__project=project, task__deleted_at=None, task__closed_at=None, task__is_labeled=False
    )
    return begun.filter(away("user", project))


def open_assignments(project: Project) -> QuerySet[Assignment]:
    """Assignments that are not done: the annotator has not annotated, or the task still wants a verdict."""
    found = Assignment.objects.filter(task__project=project, task__deleted_at=None, task__closed_at=None)
    done = Annotation.objects.filter(
        task=OuterRef("task"), completed_by=OuterRef("user"), deleted_at=None, is_draft=False
    )
    to_label = Q(type=AssignmentType.ANNOTATOR, task__is_labeled=False) & ~Exists(done)
    to_review = Q(type=AssignmentType.REVIEWER, task__reviewed=False)
    return found.filter(to_label | to_review)


def ownerless(project: Project) -> QuerySet:
    """Rows `{kind, id, task, about (an annotation), person, why, since}` of all that, oldest first.

    A draft is only named: its content is its author's.
    """
    lists = (
        (RETURNED, returned_to_absent(project), "returned_to", {"about": F("pk"), "since": F("returned_at")}),
        (
            ASSIGNED,
            assigned_to_absent(project),
            "user",
            {"about": Value(None, _ID), "since": F("created_at")},
        ),
        (DRAFT, drafts_of_absent(project), "user", {"about": F("annotation_id"), "since": F("created_at")}),
    )
    rows = [
        found.order_by()
        .annotate(why=why_away(person, project))
        .values("task", "why", "id", **_named(kind, person, more))
        for kind, found, person, more in lists
    ]
    return rows[0].union(*rows[1:], all=True).order_by("since", "kind", "id")


def _named(kind: str, person: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"kind": Value(kind, CharField()), "person": F(person), **more}


# --- giving it to somebody else ---------------------------------------------------------------------


@dataclass
class Moved:
    """How many of each went over; `left` are assignments that `to` may not take (their own work, or not their role)."""

    returned: int = 0
    assignments: int = 0
    left: int = 0


def hand_over_assignments(project: Project, person: Any, *, to: Any | None) -> Moved:
    """The open assignments of `person` go to somebody, or to nobody: the pool."""
    given = list(open_assignments(project).filter(user=person).select_related("task"))
    taken = given if to is None else [row for row in given if _may_take(row, to)]
    Assignment.objects.filter(pk__in=[row.pk for row in taken]).delete()
    if to is not None:
        rows = [Assignment(task_id=row.task_id, user=to, type=row.type) for row in taken]
        Assignment.objects.bulk_create(rows, ignore_conflicts=True)
    return Moved(assignments=len(taken), left=len(given) - len(taken))


def refuse_absent(to: Any, project: Project) -> None:
    if not is_at_work(to, project):
        raise Refused(
            "not_at_work",
            "This person is paused here or no member. Name somebody who is at work.",
            field="to",
        )


def _may_take(row: Assignment, to: Any) -> bool:
    if row.type == AssignmentType.REVIEWER:
        return may(to, "review_annotation", row.task.project_id)
    return not Annotation.objects.filter(task=row.task_id, completed_by=to, deleted_at=None).exists()
