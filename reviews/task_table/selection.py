"""`selectedItems`: all but these, or just these."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from . import values
from .refusals import bad_selection

LONGEST = 200_000


@dataclass(frozen=True)
class Selection:
    all: bool = True
    ids: tuple[int, ...] = ()

    @property
    def chooses(self) -> bool:
        """Whether it says anything: `all: false` without ids is an untouched table."""
        return bool(self.ids)

    def condition(self) -> Q:
        chosen = Q(pk__in=self.ids)
        return ~chosen if self.all else chosen

    def body(self) -> dict[str, Any]:
        return {"all": self.all, "excluded" if self.all else "included": list(self.ids)}

    def plus(self, other: "Selection") -> "Selection":
        return Selection(self.all, tuple(dict.fromkeys((*self.ids, *other.ids))))

    def minus(self, other: "Selection") -> "Selection":
        return Selection(self.all, tuple(one for one in self.ids if one not in set(other.ids)))


def read(sent: Any) -> Selection:
    """Raises Refused(bad_selection)."""
    if not isinstance(sent, dict) or not isinstance(sent.get("all", False), bool):
        raise bad_selection(
            'A selection is {"all": true, "excluded": […]} or {"all": false, "included": […]}.'
        )
    everything = sent.get("all", False)
    listed = sent.get("excluded" if everything else "included") or []
    if not isinstance(listed, list):
        raise bad_selection("The ids of a selection are a list.")
    try:
        return Selection(everything, tuple(values.ids(listed, most=LONGEST)) if listed else ())
    except values.BadValue as error:
        raise bad_selection(f"An entry of the selection {error}.")
