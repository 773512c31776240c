"""What annotators are told about tasks and projects: what everybody is told, of their own work alone.

Labelling is blind: no count, time or name tells an annotator what others did on a task. These are the fields
of a task that sum up all its annotations. For an annotator each is the same of their own.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from users.models import User

from .choices import ActionType, Distribution
from .models import Annotation, Project, Task
from .querysets import within
from .roles import may
from .state import ABSENT, ACCEPTED_OR_FIXED
from .totals import totals_of

DONE, SKIPPED = Q(was_cancelled=False), Q(was_cancelled=True)
REJECTED = Q(last_action=ActionType.REJECTED)


def own_annotations(user: User) -> QuerySet[Annotation]:
    return Annotation.objects.filter(completed_by=user).exclude(state__in=ABSENT).order_by()


def totals_of_list(tasks: QuerySet[Task], user: User, *, most: int) -> dict[str, int]:
    """Of the first tasks of a list, `most` of them: their annotations, of annotators their own."""
    sees_all, stored = within(user, "view_all_annotations"), F("total_annotations")
    own = own_fields(user)["total_annotations"]
    counted = Case(When(sees_all, then=stored), default=own) if sees_all else stored
    first = tasks.prefetch_related(None).order_by().annotate(counted=counted)[:most]
    return first.aggregate(
        annotations=Coalesce(Sum("counted"), 0), predictions=Coalesce(Sum("total_predictions"), 0)
    )


def own_fields(user: User, *, task: str = "pk") -> dict[str, Any]:
    """Field of a task → its value for an annotator, as an expression. `task` is the path to the task's id."""
    own = own_annotations(user).filter(task=OuterRef(task))
    return {
        "total_annotations": _number_of(own.filter(DONE)),
        "cancelled_annotations": _number_of(own.filter(SKIPPED)),
        "reviews_rejected": _number_of(own.filter(REJECTED)),
        "is_labeled": Exists(own.filter(DONE)),
        "completed_at": _of_all(own.filter(DONE), Min("created_at")),
        # NULL, where there is no own annotation, is never the greatest.
        "updated_at": Greatest(F("created_at"), _of_all(own, Max("updated_at"))),
    }


def own_values(task: Task, own: Collection[Annotation]) -> dict[str, Any]:
    """The same of rows already read: `own` are the reader's annotations of the task."""
    done = [annotation for annotation in own if not annotation.was_cancelled]
    return {
        "total_annotations": len(done),
        "cancelled_annotations": len(own) - len(done),
        "reviews_rejected": sum(annotation.last_action == ActionType.REJECTED for annotation in own),
        "is_labeled": bool(done),
        "completed_at": min((annotation.created_at for annotation in done), default=None),
        "updated_at": max([task.created_at, *(annotation.updated_at for annotation in own)]),
    }


def _number_of(rows: QuerySet) -> Any:
    return Coalesce(Subquery(_grouped(rows, Count("pk")), output_field=IntegerField()), 0)


def _of_all(rows: QuerySet, aggregate: Any) -> Subquery:
    return Subquery(_grouped(rows, aggregate))


def _grouped(rows: QuerySet, aggregate: Any) -> QuerySet:
    return rows.values("task").annotate(found=aggregate).values("found")


# --- projects -----------------------------------------------------------------------------------------


def totals_for(user: User, projects: Iterable[Project]) -> dict[int, dict[str, int]]:
    """Project id → its totals as `user` may know them. The number of queries does not depend on that of
    projects."""
    listed = list(projects)
    totals = totals_of([project.pk for project in listed])
    blind = [project for project in listed if not may(user, "view_all_annotations", project)]
    if blind:
        _count_own_work(user, blind, totals)
    return totals


def _count_own_work(user: User, projects: list[Project], totals: dict[int, dict[str, int]]) -> None:
    """`reviewed` and `accepted`, `rejected` are of the verdicts on own work; done is what is annotated."""
    pks = [project.pk for project in projects]
    own = own_annotations(user).filter(project__in=pks, task__deleted_at=None).values("project")
    found = own.annotate(
        annotations=Count("pk", filter=DONE),
        skipped=Count("pk", filter=SKIPPED),
        finished=Count("task", filter=DONE, distinct=True),
        reviewed=Count("task", filter=Q(state__in=ACCEPTED_OR_FIXED), distinct=True),
        accepted=Count("pk", filter=Q(state__in=ACCEPTED_OR_FIXED)),
        rejected=Count("pk", filter=REJECTED),
    )
    counted: dict[int, Any] = {row.pop("project"): row for row in found}
    nothing = dict.fromkeys(("annotations", "skipped", "finished", "reviewed", "accepted", "rejected"), 0)
    for pk in pks:
        totals[pk] |= counted.get(pk, nothing)
        totals[pk]["review_done"] = totals[pk]["finished"]
    _count_given_tasks(user, projects, totals)


def _count_given_tasks(user: User, projects: list[Project], totals: dict[int, dict[str, int]]) -> None:
    """Where people see only the tasks given to them, how many there are in all is not theirs to know."""
    automatic = Distribution.AUTO
    limited = [one.pk for one in projects if one.label_stream_task_distribution != automatic]
    if not limited:
        return
    seen = Task.objects.visible_to(user).filter(project__in=limited).order_by().values("project")
    found = seen.annotate(
        tasks=Count("pk"),
        sampled=Count("pk", filter=Q(review_required=True)),
        predictions=Coalesce(Sum("total_predictions"), 0),
    )
    counted: dict[int, Any] = {row.pop("project"): row for row in found}
    for pk in limited:
        totals[pk] |= counted.get(pk, dict.fromkeys(("tasks", "sampled", "predictions"), 0))
