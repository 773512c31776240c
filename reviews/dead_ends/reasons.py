"""The named reasons why a task is stuck. Each reason is a queryset of the tasks of one project: one query,
whatever the size of the project."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from tasks.choices import AssignmentType, Distribution
from tasks.models import Annotation, Assignment, Project, Task, TaskAnnotator
from tasks.services import members, ownerless_work
from tasks.state import ABSENT, RETURNED_TO_SOMEBODY, UNDECIDED, State
from users.capabilities import Role
from users.sentences import sentence as _

from ..eligibility import HAD_TASK, independent_of

DECIDE, ASSIGN, RETURN, CLOSE = "decide", "assign", "return", "close"
# At most three people may not decide an annotation: its author, whoever wrote it for them, and the reviewer
# whose verdict is contested. So a project with more reviewers always has somebody who may.
MAX_EXCLUDED = 3

PRESENT = Q(deleted_at=None, closed_at=None)
# Submitted annotations that no longer fill a slot: redistributed, or sent back to anyone.
FREED_SLOT = Q(fills_slot=False) & ~Q(state__in=(*ABSENT, State.SKIPPED))


@dataclass(frozen=True)
class Reason:
    """A reason, the sentence that managers read, the buttons that help, and the tasks it applies to."""

    name: str
    sentence: str
    buttons: tuple[str, ...]
    tasks: Callable[[Project], QuerySet[Task]]


def _tasks(project: Project) -> QuerySet[Task]:
    return Task.objects.filter(PRESENT, project=project)


def _some(annotations: Q) -> Exists:
    return Exists(Annotation.objects.filter(annotations, task=OuterRef("pk")))


# --- nobody may decide --------------------------------------------------------------------------


def no_eligible_reviewer(project: Project) -> QuerySet[Task]:
    """No active reviewer may decide what waits: it is their own work, or contests their own verdict."""
    if not project.enable_review_workflow:
        return _tasks(project).none()
    reviewers = list(
        members.active_members(project, "review_annotation").values_list("user_id", flat=True)[
            : MAX_EXCLUDED + 1
        ]
    )
    if len(reviewers) > MAX_EXCLUDED:
        return _tasks(project).none()
    nobody = reduce(and_, (~independent_of(reviewer, project) for reviewer in reviewers), Q())
    required = Q(review_required=True) | _some(Q(state=State.CONTESTED))
    return _tasks(project).filter(Q(_some(UNDECIDED & nobody)), required)


def rounds_capped(project: Project) -> QuerySet[Task]:
    """Rejected after the last round: it cannot be sent back again, so nobody has anything to do."""
    if project.max_rounds is None:
        return _tasks(project).none()
    final = Q(state=State.REJECTED, redistributed=False, rounds__gte=project.max_rounds)
    return _tasks(project).filter(Q(_some(final)), reviews_accepted=0)


# --- nobody is left to annotate -----------------------------------------------------------------------


def skipped_by_all(project: Project) -> QuerySet[Task]:
    """Everybody who could annotate this task has done so or skipped it, and overlap is not reached."""
    return _lacking_annotators(project).filter(cancelled_annotations__gt=0).exclude(Q(_unassigned(project)))


def overlap_unreachable(project: Project) -> QuerySet[Task]:
    """More annotations are needed than people are left to make them, and nobody has skipped it."""
    return _lacking_annotators(project).filter(cancelled_annotations=0).exclude(Q(_unassigned(project)))


def _lacking_annotators(project: Project) -> QuerySet[Task]:
    wanting = _tasks(project).filter(
        _may_lack_annotators(project), ~_some(RETURNED_TO_SOMEBODY), is_labeled=False
    )
    filling = _number(Annotation.objects.filter(fills_slot=True, task=OuterRef("pk")), "completed_by")
    return wanting.filter(GreaterThan(F("overlap"), filling + _annotators_left(project)))


def _may_lack_annotators(project: Project) -> Q:
    """A necessary condition on the task's own counters, so that few tasks need the expensive count.

    If each annotation fills a slot, a task lacks annotators only if its overlap, plus those who skipped it,
    exceeds the number of annotators.
    """
    if project.label_stream_task_distribution == Distribution.ASSIGNED_ONLY:
        return Q()
    wants_more = GreaterThan(F("overlap") + F("cancelled_annotations"), Value(len(_annotating(project))))
    return Q(wants_more) | Q(_some(FREED_SLOT))


def _annotators_left(project: Project) -> Any:
    """How many annotators have not annotated this task yet."""
    had = Annotation.objects.filter(HAD_TASK, task=OuterRef("task"), completed_by=OuterRef("user"))
    if project.label_stream_task_distribution == Distribution.ASSIGNED_ONLY:
        assigned = Assignment.objects.filter(
            task=OuterRef("pk"), type=AssignmentType.ANNOTATOR, user__in=_annotating(project)
        )
        return _number(assigned.filter(~Exists(had)))
    return Value(len(_annotating(project))) - _number(
        Annotation.objects.filter(HAD_TASK, task=OuterRef("pk"), completed_by__in=_annotating(project)),
        "completed_by",
    )


def _annotating(project: Project) -> list[int]:
    """Active members who annotate: by role, or because they have done so here. Without any, all of them."""
    active = members.active_members(project)
    worked = TaskAnnotator.objects.filter(project=project).values("user")
    annotators = list(
        active.filter(Q(role=Role.ANNOTATOR) | Q(user__in=worked)).values_list("user_id", flat=True)
    )
    return annotators or list(active.values_list("user_id", flat=True))


def _number(rows: QuerySet, of: str = "pk") -> Any:
    counted = rows.order_by().values("task").annotate(number=Count(of, distinct=of != "pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# --- nobody is assigned ------------------------------------------------------------------------


def unassigned(project: Project) -> QuerySet[Task]:
    """Tasks are assigned manually, and no active member is assigned to annotate this one, or to review it."""
    return _tasks(project).filter(Q(_unassigned(project)) | _unreviewable(project))


def _unassigned(project: Project) -> Q:
    """No active member is assigned to annotate it."""
    if project.label_stream_task_distribution != Distribution.ASSIGNED_ONLY:
        return Q(pk__in=[])
    active = members.active_members(project).values("user")
    assigned = Assignment.objects.filter(task=OuterRef("pk"), type=AssignmentType.ANNOTATOR, user__in=active)
    return Q(is_labeled=False) & ~Q(Exists(assigned)) & ~Q(_some(RETURNED_TO_SOMEBODY))


def _unreviewable(project: Project) -> Q:
    if not (project.review_only_manual_assignments and project.enable_review_workflow):
        return Q(pk__in=[])
    active = members.active_members(project, "review_annotation").values("user")
    assigned = Assignment.objects.filter(task=OuterRef("pk"), type=AssignmentType.REVIEWER, user__in=active)
    return Q(_some(UNDECIDED)) & ~Q(Exists(assigned))


def ownerless(project: Project) -> QuerySet[Task]:
    """Something waits for a person who is deactivated, removed or paused (tasks.services.ownerless_work)."""
    waiting = (
        ownerless_work.returned_to_inactive(project),
        ownerless_work.assigned_to_inactive(project),
        ownerless_work.drafts_of_inactive(project),
    )
    return _tasks(project).filter(reduce(or_, (Q(pk__in=rows.order_by().values("task")) for rows in waiting)))


REASONS = {
    reason.name: reason
    for reason in (
        Reason(
            "no_eligible_reviewer",
            _("No reviewer of this project may decide this."),
            (DECIDE, ASSIGN, CLOSE),
            no_eligible_reviewer,
        ),
        Reason(
            "rounds_capped",
            _("Rejected, and already sent back as often as this project allows."),
            (DECIDE, RETURN, ASSIGN, CLOSE),
            rounds_capped,
        ),
        Reason(
            "skipped_by_all",
            _("Everybody who could annotate this has skipped it."),
            (RETURN, ASSIGN, CLOSE),
            skipped_by_all,
        ),
        Reason(
            "overlap_unreachable",
            _("More annotations are needed than people are left to make them."),
            (ASSIGN, CLOSE),
            overlap_unreachable,
        ),
        Reason("unassigned", _("No active member is assigned."), (DECIDE, ASSIGN, CLOSE), unassigned),
        Reason(
            "ownerless",
            _("This waits for somebody who is deactivated, removed or paused."),
            (ASSIGN, RETURN, CLOSE),
            ownerless,
        ),
    )
}
