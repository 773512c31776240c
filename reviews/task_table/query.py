"""What a client asks of the task table: filters, an order, a selection; sent as `query=`, in a body, or saved in a view."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.db.models import Q, QuerySet
from django.utils import timezone

from tasks.strict_json import DECODER

from . import selection
from .filters import Asker, condition
from .ordering import order
from .refusals import bad_query
from .selection import Selection


@dataclass(frozen=True)
class Query:
    where: Q
    order: list[Any]
    selection: Selection | None

    @property
    def keeps_everything(self) -> bool:
        return not self.where and not (self.selection and self.selection.chooses)

    def narrow(self, tasks: QuerySet) -> QuerySet:
        """The rows, and where something was chosen, the chosen ones of them."""
        rows = tasks.filter(self.where)
        if self.selection and self.selection.chooses:
            rows = rows.filter(self.selection.condition())
        return rows.order_by(*self.order)


def read(sent: Any, asker: Asker) -> Query:
    """From `{filters, ordering, selectedItems}`; other keys are the client's own. Raises Refused naming what is wrong."""
    sent = as_object(sent)
    chosen = as_json(sent.get("selectedItems"), "selectedItems")
    with timezone.override(asker.project.timezone):
        where = condition(as_json(sent.get("filters"), "filters"), asker)
    return Query(
        where,
        order(as_json(sent.get("ordering"), "ordering"), asker),
        None if chosen is None else selection.read(chosen),
    )


def as_object(sent: Any) -> dict[str, Any]:
    found = as_json(sent, "query") or {}
    if not isinstance(found, dict):
        raise bad_query("A query is a JSON object: {filters, ordering, selectedItems}.")
    return found


def as_json(sent: Any, name: str) -> Any:
    """Form bodies and URLs carry JSON as text; an ordering may be a plain name."""
    if isinstance(sent, str) and sent.startswith("%"):
        sent = unquote(sent)  # encoded twice: Label Studio reads that too
    if not isinstance(sent, str) or not sent.strip().startswith(("{", "[")):
        return sent or None
    try:
        return DECODER.decode(sent)
    except (ValueError, RecursionError) as error:
        raise bad_query(f"{name} is no JSON: {error}.")
