"""The ids of people in the filters of a tab, translated between real ids and what a reader knows them by."""

from collections.abc import Callable
from typing import Any

from reviews.task_table import values
from reviews.task_table.columns import PEOPLE_COLUMNS
from reviews.task_table.errors import InvalidValue
from reviews.task_table.filters import FILTER_PREFIX
from reviews.task_table.query import parse_json_text
from tasks.errors import Refused

Translate = Callable[[int], Any]
PEOPLE_FILTERS = {FILTER_PREFIX + name for name in PEOPLE_COLUMNS}


def translate_people(data: dict[str, Any], translate: Translate) -> dict[str, Any]:
    """`data` of a tab. Filters that cannot be read are left out: they would be shown untranslated."""
    try:
        filters = parse_json_text(data.get("filters"), "filters")
    except Refused:
        filters = None
    if not isinstance(filters, dict) or not isinstance(filters.get("items"), list):
        return {name: value for name, value in data.items() if name != "filters"}
    return data | {"filters": filters | {"items": _items(filters["items"], translate)}}


def _items(items: list[Any], translate: Translate) -> list[dict[str, Any]]:
    return [_item(item, translate) for item in items if isinstance(item, dict)]


def _item(item: dict[str, Any], translate: Translate) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if isinstance(item.get("child_filters"), list):
        changed["child_filters"] = _items(item["child_filters"], translate)
    if isinstance(item.get("child_filter"), dict):
        changed["child_filter"] = _item(item["child_filter"], translate)
    # `filter:tasks:-annotators` is the same column.
    column = str(item.get("filter")).replace(":-", ":")
    if column in PEOPLE_FILTERS and item.get("operator") != "empty":
        changed["value"] = _value(item.get("value"), translate)
    return item | changed


def _value(value: Any, translate: Translate) -> Any:
    """A list stays a list and a single id single; a text of several ids becomes a list. Other values stay."""
    try:
        people = [translate(one) for one in values.ids(value)]
    except InvalidValue:
        return value
    return people if isinstance(value, list) or len(people) > 1 else people[0]
