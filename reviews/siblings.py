"""The annotations of a task beside each other, as its counters, its answer and its lists of people are
derived from them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tasks.choices import ActionType, ReviewCriteria
from tasks.models import Annotation
from tasks.sql import run
from tasks.state import ABSENT, ACCEPTED_OR_FIXED, State, fills_slot, state_of

# What the counters of a task ask of its annotations, and of annotations that are gone and were picked as its
# answer.
READ = """
    SELECT t.id, project.review_criteria, a.id, a.state, a.last_action, a.returned_at IS NOT NULL,
        a.fills_slot, a.was_cancelled, a.ground_truth, r.created_by_id, pick.id IS NOT NULL
    FROM tasks_task t
    JOIN tasks_project project ON project.id = t.project_id
    LEFT JOIN tasks_annotation a ON a.task_id = t.id
    LEFT JOIN reviews_review r ON r.id = a.standing_review_id
    LEFT JOIN reviews_finalpick pick ON pick.annotation_id = a.id AND pick.undone_at IS NULL
    WHERE t.id = ANY(%(tasks)s::bigint[])
    AND (a.id IS NULL OR a.state NOT IN ('deleted', 'draft') OR pick.id IS NOT NULL)
    ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class Sibling:
    """One annotation of a task, as far as the counters of the task ask. `reviewer_id` signed its standing
    review."""

    annotation_id: int
    state: State
    last_action: str
    is_returned: bool
    fills_slot: bool
    was_cancelled: bool
    ground_truth: bool
    reviewer_id: int | None = None
    is_picked: bool = False

    @property
    def is_accepted(self) -> bool:
        return self.state in ACCEPTED_OR_FIXED

    @property
    def is_rejected(self) -> bool:
        """A rejection stands, be it returned or contested."""
        return self.last_action == ActionType.REJECTED and self.state not in ABSENT

    @property
    def has_verdict(self) -> bool:
        return self.is_accepted or self.is_rejected


def sibling_of(annotation: Annotation, reviewer_id: int | None = None) -> Sibling:
    """An annotation in hand, which need not be written yet."""
    return Sibling(
        annotation.pk,
        state_of(annotation),
        annotation.last_action,
        is_returned=annotation.returned_at is not None,
        fills_slot=fills_slot(annotation),
        was_cancelled=annotation.was_cancelled,
        ground_truth=annotation.ground_truth,
        reviewer_id=reviewer_id,
    )


def siblings_of(task_ids: Collection[int]) -> tuple[dict[int, list[Sibling]], dict[int, str]]:
    """Task id → its annotations, lowest id first; and → the criteria of its project. One statement.

    Read now that the tasks are locked: the setting may have changed while we waited for them.
    """
    found: dict[int, list[Sibling]] = defaultdict(list)
    criteria: dict[int, str] = defaultdict(lambda: ReviewCriteria.ONE)
    for task, of_project, annotation, state, last_action, *flags in run(READ, {"tasks": list(task_ids)}):
        criteria[task] = of_project
        if annotation is not None:
            found[task].append(Sibling(annotation, State(state), last_action, *flags))
    return found, criteria


def reviewers_of(siblings: Iterable[Sibling]) -> list[int]:
    """Who signed the standing reviews of a task."""
    return sorted({s.reviewer_id for s in siblings if s.reviewer_id is not None and s.state != State.DELETED})
