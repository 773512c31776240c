"""When two results say the same (rules §9): regions by id and content; key order, `origin` and float noise do not count."""

from collections import defaultdict
from typing import Any

NOISE = 1e-6
IGNORED_KEYS = {"origin"}
RELATION = "relation"

Region = dict[str, Any]


def is_result(value: Any) -> bool:
    """A list of regions, each an object."""
    return isinstance(value, list) and all(isinstance(region, dict) for region in value)


def same_result(one: list[Region], other: list[Region]) -> bool:
    if not is_result(one) or not is_result(other) or len(one) != len(other):
        return False
    ours, theirs = _by_identity(one), _by_identity(other)
    return ours.keys() == theirs.keys() and all(
        same_value(region, theirs[key]) for key, region in ours.items()
    )


def _by_identity(result: list[Region]) -> dict[tuple, Region]:
    """Regions keyed by what names them. One region may come in parts (box, label, text) that share an id; a relation has none."""
    seen: dict[tuple, int] = defaultdict(int)
    keyed = {}
    for region in result:
        name = tuple(str(region.get(key)) for key in ("id", "from_name", "type", "from_id", "to_id"))
        keyed[(*name, seen[name])] = region
        seen[name] += 1
    return keyed


def same_value(one: Any, other: Any) -> bool:
    """As JSON, at any depth. True is not 1, and "1" is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = (one.keys() | other.keys()) - IGNORED_KEYS
        return all(key in one and key in other and same_value(one[key], other[key]) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if _is_number(one) and _is_number(other):
        return _close(one, other)
    return type(one) is type(other) and one == other


def _close(one: float, other: float) -> bool:
    try:
        return one == other or abs(one - other) < NOISE
    except OverflowError:  # an integer beyond any float, beside a float
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
