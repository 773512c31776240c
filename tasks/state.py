"""The state of an annotation, derived from its own row. Defined here and nowhere else.

`Annotation.state` and `Annotation.fills_slot` are columns that the database computes from the conditions
below; queries, queues and counters read the columns. `state_of` and `fills_slot` apply the same conditions
to an object, which may have changes that are not saved yet.
"""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import Case, Expression, Q, Value, When

from .choices import ActionType


class State(models.TextChoices):
    """Who has to act: a reviewer (waiting, contested), the author (returned), any annotator (pooled), or
    nobody (the others).
    """

    DELETED = "deleted", "Deleted"
    DRAFT = "draft", "Turned back into a draft"
    CONTESTED = "contested", "Rejected, and contested by its author"
    RETURNED = "returned", "Sent back to its author"
    POOLED = "pooled", "Sent back to anyone"
    SKIPPED = "skipped", "Skipped"
    ACCEPTED = "accepted", "Accepted"
    FIXED = "fixed", "Fixed and accepted"
    REJECTED = "rejected", "Rejected"
    WAITING = "waiting", "Waiting for a review"


# The first condition that is true names the state; if none is, the annotation is waiting.
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
# Redistributed and pooled annotations leave their slot to somebody else.
FILLS_SLOT = Q(deleted_at__isnull=True, is_draft=False, was_cancelled=False, redistributed=False) & (
    Q(returned_at__isnull=True) | Q(returned_to_id__isnull=False)
)

ABSENT = (State.DELETED, State.DRAFT)
# Waits for a reviewer. (A returned annotation may be decided as well, but does not wait for that.)
UNDECIDED = Q(state__in=(State.WAITING, State.CONTESTED))
# Waits for rework by one person. After a reject with requeue the author may contest it or rework it.
RETURNED_TO_SOMEBODY = Q(returned_to__isnull=False, state__in=(State.RETURNED, State.CONTESTED))
ACCEPTED_OR_FIXED = (State.ACCEPTED, State.FIXED)


def state_expression() -> Expression:
    return Case(
        *(When(condition, then=Value(state.value)) for state, condition in CONDITIONS),
        default=Value(State.WAITING.value),
    )


def state_of(annotation: Any) -> State:
    """The state of an object, including changes that are not saved yet."""
    return next((state for state, holds in _TESTS if holds(annotation)), State.WAITING)


def fills_slot(annotation: Any) -> bool:
    """Whether it counts towards the overlap of its task, like `state_of`."""
    return _FILLS_SLOT(annotation)


def _test_of(condition: Q) -> Callable[[Any], bool]:
    """The condition as a function of an object. Supports `=` and `isnull`, combined by AND, OR and NOT."""
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
