"""What is wrong with a query: always 400, always naming the part at fault."""

from tasks.errors import Refused


class InvalidValue(Exception):
    """What was expected, as the rest of the sentence "The value …"."""


def bad_filter(detail: str) -> Refused:
    return Refused("bad_filter", detail, field="filters")


def bad_ordering(detail: str) -> Refused:
    return Refused("bad_ordering", detail, field="ordering")


def bad_selection(detail: str) -> Refused:
    return Refused("bad_selection", detail, field="selectedItems")


def bad_query(detail: str) -> Refused:
    return Refused("bad_query", detail, field="query")
