"""Filters, an order and a selection of the task table: sent as `query=`, in a body, or saved in a tab."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.db.models import Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils import timezone

from tasks.known_names import unknown_names
from tasks.strict_json import DECODER
from users.sentences import sentence as _

from .errors import bad_query
from .filters import Reader, parse_filters
from .ordering import parse_ordering
from .selection import Selection, parse_selection

PARTS = ("filters", "ordering", "selectedItems")
CLIENTS_PARTS = ("hiddenColumns", "agreement_selected")  # what the data manager stores with them


@dataclass(frozen=True)
class Query:
    where: Q
    order: list[OrderBy]
    selection: Selection | None

    @property
    def is_unrestricted(self) -> bool:
        return not self.where and not (self.selection and self.selection.ids)

    @property
    def selects_nothing(self) -> bool:
        return self.selection is not None and not self.selection.all and not self.selection.ids

    def apply(self, tasks: QuerySet) -> QuerySet:
        rows = tasks.filter(self.where)
        if self.selection and self.selection.ids:
            rows = rows.filter(self.selection.condition())
        return rows.order_by(*self.order)


def parse_query(sent: Any, reader: Reader) -> Query:
    """From `{filters, ordering, selectedItems}`; other keys are the client's.

    Raises Refused naming the part.
    """
    parts = parse_json_text(sent, "query")
    parts = {} if parts is None else parts
    if not isinstance(parts, dict):
        raise bad_query(_("A query is a JSON object: {filters, ordering, selectedItems}."))
    selected = parse_json_text(parts.get("selectedItems"), "selectedItems")
    # A date in a filter begins at midnight where the project is.
    with timezone.override(reader.project.timezone):
        where = parse_filters(parse_json_text(parts.get("filters"), "filters"), reader)
    return Query(
        where,
        parse_ordering(parse_json_text(parts.get("ordering"), "ordering"), reader),
        None if selected is None else parse_selection(selected),
    )


def refuse_unknown_parts(sent: Any) -> None:
    """For a query of a list; a tab and the body of an action have keys of their own beside it."""
    parts = parse_json_text(sent, "query")
    if isinstance(parts, dict) and (unknown := unknown_names(parts, (*PARTS, *CLIENTS_PARTS))):
        raise bad_query(unknown)


def parse_json_text(sent: Any, name: str) -> Any:
    """Form bodies and URLs carry JSON as text; an ordering may be a plain column name."""
    if isinstance(sent, str) and sent.startswith("%"):
        sent = unquote(sent)  # some clients encode it twice, and Label Studio accepts that
    if not isinstance(sent, str) or not sent.strip().startswith(("{", "[")):
        return sent or None
    try:
        return DECODER.decode(sent)
    except (ValueError, RecursionError) as error:
        raise bad_query(_("%(name)s is not valid JSON: %(error)s.", name=name, error=error))
