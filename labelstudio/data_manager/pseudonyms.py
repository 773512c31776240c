"""People in the filters of a tab, called otherwise."""

from collections.abc import Callable
from typing import Any

from reviews.task_table import values
from reviews.task_table.columns import PEOPLE
from reviews.task_table.filters import PREFIX
from reviews.task_table.query import as_json

Rename = Callable[[int], Any]
ASKED_OF_PEOPLE = {PREFIX + name for name in PEOPLE}


def renamed(data: dict[str, Any], rename: Rename) -> dict[str, Any]:
    """`data` of a tab. What cannot be read as filters is left out: it would be shown as it is."""
    filters = as_json(data.get("filters"), "filters")
    if not isinstance(filters, dict) or not isinstance(filters.get("items"), list):
        return {name: value for name, value in data.items() if name != "filters"}
    return data | {"filters": filters | {"items": _items(filters["items"], rename)}}


def _items(items: list[Any], rename: Rename) -> list[dict[str, Any]]:
    return [_item(item, rename) for item in items if isinstance(item, dict)]


def _item(item: dict[str, Any], rename: Rename) -> dict[str, Any]:
    changed = {
        name: _items(item[name], rename) for name in ("child_filters",) if isinstance(item.get(name), list)
    }
    if isinstance(item.get("child_filter"), dict):
        changed["child_filter"] = _item(item["child_filter"], rename)
    if str(item.get("filter")).replace(":-", ":") in ASKED_OF_PEOPLE and item.get("operator") != "empty":
        changed["value"] = _value(item.get("value"), rename)
    return item | changed


def _value(value: Any, rename: Rename) -> Any:
    """Of one id or several, in the shape it has; a text of several becomes a list. What names nobody stays as it is."""
    try:
        people = [rename(one) for one in values.ids(value)]
    except values.BadValue:
        return value
    return people if isinstance(value, list) or len(people) > 1 else people[0]
