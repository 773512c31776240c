"""`selectedItems`: all tasks but these, or only these."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from tasks.known_names import unknown_names
from users.sentences import sentence as _

from . import values
from .errors import InvalidValue, bad_selection

MAX_IDS = 200_000


@dataclass(frozen=True)
class Selection:
    """`all` without `ids` is every task.

    `all: false` without ids is none, or a table without any click yet.
    """

    all: bool = True
    ids: tuple[int, ...] = ()

    def condition(self) -> Q:
        listed = Q(pk__in=self.ids)
        return ~listed if self.all else listed

    def as_body(self) -> dict[str, Any]:
        return {"all": self.all, "excluded" if self.all else "included": list(self.ids)}

    def plus(self, other: "Selection") -> "Selection":
        return Selection(self.all, tuple(dict.fromkeys((*self.ids, *other.ids))))

    def minus(self, other: "Selection") -> "Selection":
        removed = set(other.ids)
        return Selection(self.all, tuple(one for one in self.ids if one not in removed))


def parse_selection(sent: Any) -> Selection:
    """Raises Refused(bad_selection)."""
    if not isinstance(sent, dict) or not isinstance(sent.get("all", False), bool):
        raise bad_selection(
            _('A selection is {"all": true, "excluded": […]} or {"all": false, "included": […]}.')
        )
    if unknown := unknown_names(sent, ("all", "included", "excluded")):
        raise bad_selection(unknown)
    everything = sent.get("all", False)
    listed = sent.get("excluded" if everything else "included") or []
    if not isinstance(listed, list):
        raise bad_selection(_("The ids of a selection are a list."))
    try:
        return Selection(everything, tuple(values.ids(listed, most=MAX_IDS)) if listed else ())
    except InvalidValue as error:
        raise bad_selection(_("An entry of the selection %(error)s.", error=error))
