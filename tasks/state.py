"""What an annotation's own row says about it, said once.

`Annotation.state` and `Annotation.fills_slot` are columns that the database derives from the conditions here;
queries, queues and counters read the columns. `state_of` and `fills_slot` apply the same conditions to a row
in hand, which may have changes that are not written yet.
"""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import Case, Expression, Q, Value, When

from .choices import ActionType


class State(models.TextChoices):
    """Whose turn it is: a reviewer's (waiting, contested), its author's (returned), anybody's (pooled), or
    nobody's."""

    DELETED = "deleted", "Deleted"
    DRAFT = "draft", "Turned back into a draft"
    CONTESTED = "contested", "Rejected, and its author contests that"
    RETURNED = "returned", "Sent back to its author"
    POOLED = "pooled", "Sent back to whoever takes it"
    SKIPPED = "skipped", "Skipped"
    ACCEPTED = "accepted", "Accepted"
    FIXED = "fixed", "Fixed and accepted"
    REJECTED = "rejected", "Rejected"
    WAITING = "waiting", "Waiting for a review"


# The first condition that holds names the state; where none does, the annotation is waiting.
CONDITIONS: tuple[tuple[State, Q], ...] = (
    (State.DELETED, Q(deleted_at__isnull=False)),
    (State.DRAFT, Q(is_draft=True)),
    (State.CONTESTED, Q(contested_at__isnull=False)),
    (State.RETURNED, Q(returned_at__isnull=False, returned_to_id__isnull=False)),
    (State.POOLED, Q(returned_at__isnull=False)),
    (State.SKIPPED, Q(was_cancelled=True)),
    (State.ACCEPTED, Q(last_action=ActionType.ACCEPTED)),
    (State.FIXED, Q(last_action=ActionType.FIXED_AND_ACCEPTED)),
    (State.REJECTED, Q(last_action=ActionType.REJECTED)),
)
# Redistributed or pooled work has freed its slot for somebody else.
FILLS_SLOT = Q(deleted_at__isnull=True, is_draft=False, was_cancelled=False, redistributed=False) & (
    Q(returned_at__isnull=True) | Q(returned_to_id__isnull=False)
)

ABSENT = (State.DELETED, State.DRAFT)
# What a reviewer is asked to decide. What was returned may be decided too, but nobody is asked to.
UNDECIDED = Q(state__in=(State.WAITING, State.CONTESTED))
# Waits for rework by one person. A contested one may still be reworked, where it was sent back.
RETURNED_TO_SOMEBODY = Q(returned_to__isnull=False, state__in=(State.RETURNED, State.CONTESTED))
ACCEPTED_OR_FIXED = (State.ACCEPTED, State.FIXED)


def state_expression() -> Expression:
    return Case(
        *(When(condition, then=Value(state.value)) for state, condition in CONDITIONS),
        default=Value(State.WAITING.value),
    )


def state_of(annotation: Any) -> State:
    """The state of a row in hand, with the changes that were made to it."""
    return next((state for state, holds in _TESTS if holds(annotation)), State.WAITING)


def fills_slot(annotation: Any) -> bool:
    """Whether it counts towards the overlap of its task."""
    return _FILLS_SLOT(annotation)


def _test_of(condition: Q) -> Callable[[Any], bool]:
    """The condition as a function of a row. It knows `=` and `isnull`, joined by AND, OR and NOT."""
    tests = [_test_of(part) if isinstance(part, Q) else _lookup(*part) for part in condition.children]
    join = all if condition.connector == Q.AND else any
    return lambda row: join(test(row) for test in tests) is not condition.negated


def _lookup(path: str, wanted: Any) -> Callable[[Any], bool]:
    name, _, lookup = path.partition("__")
    if lookup == "isnull":
        return lambda row: (getattr(row, name) is None) is wanted
    return lambda row: getattr(row, name) == wanted


_TESTS = tuple((state, _test_of(condition)) for state, condition in CONDITIONS)
_FILLS_SLOT = _test_of(FILLS_SLOT)
