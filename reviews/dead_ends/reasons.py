"""Why a task does not move by itself, by name. Each reason is a set of tasks of one
project: one query, whatever its size."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from tasks.choices import AssignmentType, Distribution
from tasks.models import Annotation, Assignment, Project, Task, TaskAnnotator
from tasks.services import members, ownerless_work
from tasks.state import ABSENT, RETURNED_TO_SOMEBODY, UNDECIDED, State
from users.capabilities import Role

from ..eligibility import HAD_TASK, may_judge

DECIDE, ASSIGN, RETURN, CLOSE = "decide", "assign", "return", "close"
# Three people at most are kept from deciding an annotation: its author, who wrote it for them, and whose
# verdict it contests.
MOST_KEPT_OUT = 3

PRESENT = Q(deleted_at=None, closed_at=None)
# Submitted work that does not count towards overlap any more: redistributed, or sent back to whoever takes
# it.
FREED_SLOT = Q(fills_slot=False) & ~Q(state__in=(*ABSENT, State.SKIPPED))


@dataclass(frozen=True)
class Reason:
    """Why a task does not move by itself, in the lead's words, and the buttons that move it."""

    name: str
    says: str
    buttons: tuple[str, ...]
    tasks: Callable[[Project], QuerySet[Task]]


def _tasks(project: Project) -> QuerySet[Task]:
    return Task.objects.filter(PRESENT, project=project)


def _some(annotations: Q) -> Exists:
    return Exists(Annotation.objects.filter(annotations, task=OuterRef("pk")))


# --- somebody has to decide --------------------------------------------------------------------------


def no_eligible_reviewer(project: Project) -> QuerySet[Task]:
    """Work waits that every reviewer at work here is kept from deciding: it is theirs, or contests their own
    verdict."""
    if not project.enable_review_workflow:
        return _tasks(project).none()
    reviewers = list(
        members.active_members(project, "review_annotation").values_list("user_id", flat=True)[
            : MOST_KEPT_OUT + 1
        ]
    )
    if len(reviewers) > MOST_KEPT_OUT:
        return _tasks(project).none()
    nobody = reduce(and_, (~may_judge(reviewer, project) for reviewer in reviewers), Q())
    required = Q(review_required=True) | _some(Q(state=State.CONTESTED))
    return _tasks(project).filter(Q(_some(UNDECIDED & nobody)), required)


def rounds_capped(project: Project) -> QuerySet[Task]:
    """Rejected after the last round: it was sent back as often as may be, and nobody's turn it is."""
    if project.max_rounds is None:
        return _tasks(project).none()
    ended = Q(state=State.REJECTED, redistributed=False, rounds__gte=project.max_rounds)
    return _tasks(project).filter(Q(_some(ended)), reviews_accepted=0)


# --- somebody has to annotate ------------------------------------------------------------------------


def skipped_by_all(project: Project) -> QuerySet[Task]:
    """Everybody who annotates here, and may annotate this task, has; and some have skipped it."""
    return _short_of_hands(project).filter(cancelled_annotations__gt=0).exclude(Q(_unassigned(project)))


def overlap_unreachable(project: Project) -> QuerySet[Task]:
    """More annotations are wanted than there are people left to make them, and nobody has skipped."""
    return _short_of_hands(project).filter(cancelled_annotations=0).exclude(Q(_unassigned(project)))


def _short_of_hands(project: Project) -> QuerySet[Task]:
    wanting = _tasks(project).filter(_may_be_short(project), ~_some(RETURNED_TO_SOMEBODY), is_labeled=False)
    filling = _number(Annotation.objects.filter(fills_slot=True, task=OuterRef("pk")))
    return wanting.filter(GreaterThan(F("overlap"), filling + _hands(project)))


def _may_be_short(project: Project) -> Q:
    """Told from the task's own numbers, so that most are not counted one by one: where each annotation fills
    a slot, a task is short of hands only if it wants more people than there are, those who skipped it left
    out."""
    if project.label_stream_task_distribution == Distribution.ASSIGNED_ONLY:
        return Q()
    wants_more = GreaterThan(F("overlap") + F("cancelled_annotations"), Value(len(_annotating(project))))
    return Q(wants_more) | Q(_some(FREED_SLOT))


def _hands(project: Project) -> Any:
    """How many of those who annotate here have not had this task yet."""
    had = Annotation.objects.filter(HAD_TASK, task=OuterRef("task"), completed_by=OuterRef("user"))
    if project.label_stream_task_distribution == Distribution.ASSIGNED_ONLY:
        given = Assignment.objects.filter(
            task=OuterRef("pk"), type=AssignmentType.ANNOTATOR, user__in=_annotating(project)
        )
        return _number(given.filter(~Exists(had)))
    return Value(len(_annotating(project))) - _number(
        Annotation.objects.filter(HAD_TASK, task=OuterRef("pk"), completed_by__in=_annotating(project)),
        "completed_by",
    )


def _annotating(project: Project) -> list[int]:
    """The members at work who annotate: whose role it is, and who else has done it here. Where nobody has,
    all."""
    annotating = members.active_members(project)
    worked = TaskAnnotator.objects.filter(project=project).values("user")
    hands = list(
        annotating.filter(Q(role=Role.ANNOTATOR) | Q(user__in=worked)).values_list("user_id", flat=True)
    )
    return hands or list(annotating.values_list("user_id", flat=True))


def _number(rows: QuerySet, of: str = "pk") -> Any:
    counted = rows.order_by().values("task").annotate(number=Count(of, distinct=of != "pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# --- somebody has to be named ------------------------------------------------------------------------


def unassigned(project: Project) -> QuerySet[Task]:
    """Work is given out by hand here, and nobody at work was given this: to annotate it, or to review it."""
    return _tasks(project).filter(Q(_unassigned(project)) | _unreviewable(project))


def _unassigned(project: Project) -> Q:
    """Nobody was given it to annotate who is at work and could."""
    if project.label_stream_task_distribution != Distribution.ASSIGNED_ONLY:
        return Q(pk__in=[])
    at_work = members.active_members(project).values("user")
    given = Assignment.objects.filter(task=OuterRef("pk"), type=AssignmentType.ANNOTATOR, user__in=at_work)
    return Q(is_labeled=False) & ~Q(Exists(given)) & ~Q(_some(RETURNED_TO_SOMEBODY))


def _unreviewable(project: Project) -> Q:
    if not (project.review_only_manual_assignments and project.enable_review_workflow):
        return Q(pk__in=[])
    at_work = members.active_members(project, "review_annotation").values("user")
    given = Assignment.objects.filter(task=OuterRef("pk"), type=AssignmentType.REVIEWER, user__in=at_work)
    return Q(_some(UNDECIDED)) & ~Q(Exists(given))


def ownerless(project: Project) -> QuerySet[Task]:
    """Something of it waits on somebody deactivated, removed or paused (tasks.services.ownerless_work lists
    what)."""
    waiting = (
        ownerless_work.returned_to_inactive(project),
        ownerless_work.assigned_to_inactive(project),
        ownerless_work.drafts_of_inactive(project),
    )
    return _tasks(project).filter(
        reduce(lambda one, other: one | other, (Q(pk__in=_task_ids(rows)) for rows in waiting))
    )


def _task_ids(rows: QuerySet) -> QuerySet:
    return rows.order_by().values("task")


REASONS = {
    reason.name: reason
    for reason in (
        Reason(
            "no_eligible_reviewer",
            "Nobody here may decide this.",
            (DECIDE, ASSIGN, CLOSE),
            no_eligible_reviewer,
        ),
        Reason(
            "rounds_capped",
            "Rejected, and sent back as often as may be.",
            (DECIDE, RETURN, ASSIGN, CLOSE),
            rounds_capped,
        ),
        Reason(
            "skipped_by_all",
            "Everybody who could annotate this has skipped it.",
            (RETURN, ASSIGN, CLOSE),
            skipped_by_all,
        ),
        Reason(
            "overlap_unreachable",
            "More annotations are wanted than people are left.",
            (ASSIGN, CLOSE),
            overlap_unreachable,
        ),
        Reason("unassigned", "Nobody at work was given this.", (DECIDE, ASSIGN, CLOSE), unassigned),
        Reason("ownerless", "This waits on somebody who is not at work.", (ASSIGN, RETURN, CLOSE), ownerless),
    )
}
