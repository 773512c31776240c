"""Stuck tasks for the managers who resolve them: by reason, with the annotation and the person concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from tasks.choices import AssignmentType
from tasks.models import Annotation, Assignment, Project, Task
from tasks.services import members, ownerless_work
from tasks.state import ABSENT, UNDECIDED, State

from ..inbox.kinds import BOUND, review_page
from .reasons import DECIDE, REASONS, RETURN, Reason

WITHOUT_ANNOTATORS = ("skipped_by_all", "overlap_unreachable")
BY_PERSON = "ownerless"
# Which annotation of the task a reason is about.
CONCERNED = {
    "no_eligible_reviewer": UNDECIDED,
    "rounds_capped": Q(state=State.REJECTED),
    "skipped_by_all": Q(state=State.SKIPPED),
    "unassigned": UNDECIDED,
}


@dataclass(frozen=True)
class Stuck:
    """A task, and one reason why it is stuck. `person` is the inactive person it waits for, if any.
    `since`: when the task was last changed.
    """

    reason: Reason
    task: int
    since: datetime
    annotation: int | None = None
    person: int | None = None

    @property
    def buttons(self) -> tuple[str, ...]:
        """Without those that need an annotation to decide or to return, if there is none."""
        useless = {DECIDE} if self.annotation is None else set()
        if self.annotation is None and self.reason.name != BY_PERSON:
            useless.add(RETURN)
        return tuple(button for button in self.reason.buttons if button not in useless)

    def link(self, project: int) -> str:
        return review_page(project, self.task)


def tasks_of(project: Project, reason: Reason) -> QuerySet[Task]:
    """The tasks that are stuck for this reason. One is not if an active member is assigned to annotate it."""
    found = reason.tasks(project)
    if reason.name not in WITHOUT_ANNOTATORS:
        return found
    active = members.active_members(project).values("user")
    annotated = Annotation.objects.filter(task=OuterRef("task"), completed_by=OuterRef("user")).exclude(
        state__in=ABSENT
    )
    assigned = Assignment.objects.filter(task=OuterRef("pk"), type=AssignmentType.ANNOTATOR, user__in=active)
    return found.exclude(Exists(assigned.filter(~Exists(annotated))))


def still_stuck(task: Task) -> list[str]:
    """The reasons why this task is stuck now."""
    task = Task.objects.select_related("project").get(pk=task.pk)
    return [
        name for name, reason in REASONS.items() if tasks_of(task.project, reason).filter(pk=task.pk).exists()
    ]


def stuck_in(
    project: Project, reasons: Sequence[str] = tuple(REASONS)
) -> dict[str, list[tuple[int, datetime]]]:
    """Reason → (task, since), longest first, at most BOUND + 1. One or two queries for each reason."""
    found = {name: tasks_of(project, REASONS[name]).order_by("updated_at", "pk") for name in reasons}
    return {name: list(tasks.values_list("pk", "updated_at")[: BOUND + 1]) for name, tasks in found.items()}


def described(project: Project, rows: Sequence[tuple[str, int, datetime]]) -> list[Stuck]:
    """Rows of (reason, task, since), with the annotation and the person concerned."""
    tasks = {task for _, task, _ in rows}
    concerned = _concerned(tasks) if rows else {}
    inactive = _inactive_people(project, tasks) if any(reason == BY_PERSON for reason, *_ in rows) else {}
    return [
        Stuck(
            REASONS[reason],
            task,
            since,
            concerned.get((reason, task)),
            inactive.get(task) if reason == BY_PERSON else None,
        )
        for reason, task, since in rows
    ]


def _concerned(tasks: set[int]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    present = Annotation.objects.filter(task__in=tasks, deleted_at=None)
    flags = {
        f"is_{name}": ExpressionWrapper(condition, output_field=BooleanField())
        for name, condition in CONCERNED.items()
    }
    # The annotation with the most rounds, then the oldest, is the one that `setdefault` keeps.
    for row in present.annotate(**flags).order_by("-rounds", "pk").values("pk", "task", *flags):
        for name in CONCERNED:
            if row[f"is_{name}"]:
                found.setdefault((name, row["task"]), row["pk"])
    return found


def _inactive_people(project: Project, tasks: set[int]) -> dict[int, int]:
    """Task → the first inactive person for whom something of it waits."""
    lists = (
        ownerless_work.returned_to_inactive(project)
        .filter(task__in=tasks)
        .annotate(person_=F("returned_to")),
        ownerless_work.assigned_to_inactive(project).filter(task__in=tasks).annotate(person_=F("user")),
        ownerless_work.drafts_of_inactive(project).filter(task__in=tasks).annotate(person_=F("user")),
    )
    found: dict[int, int] = {}
    for rows in lists:
        for task, person in rows.order_by("pk").values_list("task", "person_"):
            found.setdefault(task, person)
    return found
