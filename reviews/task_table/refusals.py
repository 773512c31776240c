"""What is wrong with a question to the data manager: always 400, always naming the word at fault."""

from tasks.errors import Refused


def bad_filter(detail: str) -> Refused:
    return Refused("bad_filter", detail, field="filters")


def bad_ordering(detail: str) -> Refused:
    return Refused("bad_ordering", detail, field="ordering")


def bad_selection(detail: str) -> Refused:
    return Refused("bad_selection", detail, field="selectedItems")


def bad_query(detail: str) -> Refused:
    return Refused("bad_query", detail, field="query")
