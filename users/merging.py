"""Merging a placeholder, made by an import for somebody unknown, into the person it stands for.

`merge` checks both, and sends `person_merging` inside a transaction. Every app above moves its own rows,
lowest app first, and adds to the report; one that raises Refused undoes it all. Rows that are append-only,
as history and reviews are, go on naming the placeholder, who stays, inactive.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from .errors import Refused
from .models import User
from .sentences import sentence as _

person_merging = Signal()


@dataclass(frozen=True)
class Merging:
    """`counts` holds how many rows of each kind, `ids` names those that a higher app may need, `notes`
    goes into the report as it is.
    """

    placeholder: User
    person: User
    actor: User
    counts: Counter[str] = field(default_factory=Counter)
    ids: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def report(self) -> dict[str, Any]:
        return {**self.counts, **self.notes}


def merge(placeholder: User, person: User, *, actor: User) -> dict[str, Any]:
    """What was the placeholder's becomes the person's. Returns the report. Raises Refused."""
    _check(placeholder, person)
    merging = Merging(placeholder, person, actor)
    with transaction.atomic():
        person_merging.send(sender=Merging, merging=merging)
    return merging.report


def _check(placeholder: User, person: User) -> None:
    if not placeholder.is_placeholder:
        raise Refused(
            "not_a_placeholder", _("Only a placeholder, made by an import, can be merged into somebody else.")
        )
    if person.is_placeholder or not person.is_active:
        raise Refused(
            "not_a_person",
            _("A placeholder can only be merged into somebody active who is not a placeholder."),
            field="into",
        )
