"""All annotations of a task at once: its counters, its answer and its reviewers are derived from them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tasks.choices import ActionType, ReviewCriteria
from tasks.models import Annotation
from tasks.sql import run
from tasks.state import ABSENT, ACCEPTED_OR_FIXED, State, fills_slot, state_of

# Deleted annotations and drafts do not count. One that was picked as the answer is read all the same, so that
# its pick can be ended.
READ = """
    SELECT t.id, project.review_criteria, a.id, a.state, a.last_action, a.returned_at IS NOT NULL,
        a.fills_slot, a.was_cancelled, a.ground_truth, a.completed_by_id, r.created_by_id, pick.id IS NOT NULL
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
    """What the counters of a task need to know about one annotation.
    `reviewer_id` signed its standing review."""

    annotation_id: int
    state: State
    last_action: str
    is_returned: bool
    fills_slot: bool
    was_cancelled: bool
    ground_truth: bool
    author_id: int
    reviewer_id: int | None = None
    is_picked: bool = False

    @property
    def is_accepted(self) -> bool:
        return self.state in ACCEPTED_OR_FIXED

    @property
    def is_rejected(self) -> bool:
        """Also while it is returned to its author, or contested."""
        return self.last_action == ActionType.REJECTED and self.state not in ABSENT

    @property
    def is_pooled(self) -> bool:
        """Returned to whoever takes it, contested or not."""
        return self.is_returned and not self.fills_slot and not self.was_cancelled

    @property
    def has_verdict(self) -> bool:
        return self.is_accepted or self.is_rejected


def sibling_of(annotation: Annotation, reviewer_id: int | None = None) -> Sibling:
    """From an annotation object, which need not be saved yet."""
    return Sibling(
        annotation.pk,
        state_of(annotation),
        annotation.last_action,
        is_returned=annotation.returned_at is not None,
        fills_slot=fills_slot(annotation),
        was_cancelled=annotation.was_cancelled,
        ground_truth=annotation.ground_truth,
        author_id=annotation.completed_by_id,
        reviewer_id=reviewer_id,
    )


def siblings_of(task_ids: Collection[int]) -> tuple[dict[int, list[Sibling]], dict[int, str]]:
    """(Task id → its annotations, ordered by id; task id → the review criteria of
    its project), in one statement.

    The criteria are read again: the setting may have changed while the transaction waited for its locks.
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
