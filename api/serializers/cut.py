"""Task data in lists: values of more than 4,096 characters are cut, so that a page of tasks with embedded
images or long texts stays small. `fields=all` and the task itself have them whole.
"""

import json
from typing import Any

from tasks.errors import Refused
from users.sentences import sentence as _

from .values import Body

LIMIT = 4096  # characters of one value, and of all that is in a list or object
MARK = "… [cut]"


def cut_data(body: Body) -> Body:
    """`body` of a task, with `cut`: the keys of `data` that are not whole."""
    data = body.get("data")
    if not isinstance(data, dict):
        return body | {"cut": []}
    shown = {key: cut(value) for key, value in data.items()}
    return body | {"data": shown, "cut": sorted(key for key in data if shown[key] is not data[key])}


def refuse_cut(sent: Any, stored: Any) -> None:
    """Data as a list shows it would replace what is stored by its beginning."""
    if not isinstance(sent, dict) or not isinstance(stored, dict):
        return
    lost = [key for key, value in stored.items() if sent.get(key, value) != value and sent[key] == cut(value)]
    if lost:
        raise Refused(
            "cut_value",
            _(
                "%(names)s: this is only the beginning, as lists show it. Read the whole task, change that,"
                " and send it again. Nothing was changed.",
                names=", ".join(lost),
            ),
            field="data",
        )


def cut(value: Any) -> Any:
    """The value itself if it is short enough."""
    if isinstance(value, str):
        return value if len(value) <= LIMIT else value[:LIMIT] + MARK
    if not isinstance(value, list | dict) or _length(value) <= LIMIT:
        return value
    return _cut_items(value, LIMIT)


def _cut_items(value: list[Any] | dict[str, Any], room: int) -> Any:
    """The first items that fit; MARK stands for the rest."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    kept: list[tuple[Any, Any]] = []
    for name, item in items:
        shown = _fitting(item, room)
        room -= _length(shown) + (len(name) if isinstance(name, str) else 0)
        kept.append((name, shown))
        if room <= 0:
            break
    if isinstance(value, dict):
        return dict(kept)
    return [item for _, item in kept] + ([MARK] if len(kept) < len(items) else [])


def _fitting(item: Any, room: int) -> Any:
    if _length(item) <= room:
        return item
    if isinstance(item, str):
        return item[:room] + MARK
    return _cut_items(item, room) if isinstance(item, list | dict) else item


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False))
