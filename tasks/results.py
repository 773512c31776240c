"""Results: what a region must be made of, and when two results are equal.

Regions are paired by id and content, never by position. The order of keys, a region's own `origin` and float
noise are ignored, nothing else.

`same_result` compares versions of one annotation, `same_answer` annotations by different people.
"""

import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from users.sentences import sentence as _

# Serializers of floats differ in the last digits: a difference below this share of the value is none.
NOISE = 1e-6
TIME_NOISE = 0.01  # of numbers beyond MAX_NUMBER, which are milliseconds: a share of them is half an hour
MAX_NUMBER = 1e9
# A time series counts `start` and `end` in milliseconds since 1970, and so do messages and widgets.
TIME_KEYS = ("start", "end", "chatmessage", "reactcode")
MAX_TIME = 1e15
TEXT_KEYS = ("id", "from_name", "to_name", "type")
# Regions without an exact copy are compared with each other: characters of JSON × candidates.
MAX_COMPARED_CHARACTERS = 20_000_000
ORIGIN = "origin"
RELATION = "relation"
NAMING_KEYS = ("id", "parentID")
LINKING_KEYS = (*NAMING_KEYS, "from_id", "to_id")

Region = dict[str, Any]
T = TypeVar("T")


def is_result(value: Any) -> bool:
    """A list of regions, each an object."""
    return isinstance(value, list) and all(isinstance(region, dict) for region in value)


def regions_of(result: Any) -> list[Region]:
    """Of a stored result, which may be older than the checks: what of it are regions."""
    return [region for region in result if isinstance(region, dict)] if isinstance(result, list) else []


def finite_or_none(number: float | None) -> float | None:
    """A stored number as JSON can have it: NaN and infinity are none."""
    return float(number) if number is not None and math.isfinite(number) else None


# --- what may be written ------------------------------------------------------------------------


def malformed_part(result: Any) -> tuple[str, str] | None:
    """The path and the problem of the first thing in `result` that no reader could work with, else None.

    Which labels and controls exist is not asked here: see result_problems.
    """
    if not isinstance(result, list):
        return "", _("must be a list of regions, each an object")
    for number, region in enumerate(result):
        path = f"[{number}]"
        if not isinstance(region, dict):
            return path, _("must be a region (an object)")
        for key in TEXT_KEYS:
            if key in region and not isinstance(region[key], str):
                return f"{path}.{key}", _("must be a text")
        if (wrong := _number_out_of_range(region)) is not None:
            return f"{path}{wrong}", _(
                "must be a number between -%(max_number)s and %(max_number)s",
                max_number=format(MAX_NUMBER, ".0f"),
            )
    return None


def _number_out_of_range(part: Any, limit: float = MAX_NUMBER) -> str | None:
    """The path below `part` of the first such number, at any depth."""
    is_object = isinstance(part, dict)
    for key, value in part.items() if is_object else enumerate(part):
        most = MAX_TIME if key in TIME_KEYS else limit
        name = f".{key}" if is_object else f"[{key}]"
        if isinstance(value, dict | list):
            if (below := _number_out_of_range(value, most)) is not None:
                return name + below
        # NaN is not between any two numbers.
        elif _is_number(value) and not -most <= value <= most:
            return name
    return None


# --- when two are equal -------------------------------------------------------------------------


def same_result(one: list[Region], other: list[Region]) -> bool:
    if not is_result(one) or not is_result(other) or len(one) != len(other):
        return False
    ours, theirs = _by_identity(one), _by_identity(other)
    return ours.keys() == theirs.keys() and all(
        _same_regions(regions, theirs[name]) for name, regions in ours.items()
    )


def _by_identity(result: list[Region]) -> dict[tuple, list[Region]]:
    """Regions without their origin, by what identifies them.

    A region may have parts (box, label, text) that share an id; a relation has no id.
    """
    named = defaultdict(list)
    for region in result:
        name = tuple(str(region.get(key)) for key in ("id", "from_name", "type", "from_id", "to_id"))
        named[name].append(_without(region, ORIGIN))
    return named


def _without(region: Region, *keys: str) -> Region:
    return {key: value for key, value in region.items() if key not in keys}


def _same_regions(ours: list[Region], theirs: list[Region]) -> bool:
    if len(ours) == len(theirs) == 1:
        return same_value(ours[0], theirs[0])
    return paired(ours, theirs, content=as_json, same=same_value) is not None


def paired(
    ours: Sequence[T], theirs: Sequence[T], *, content: Callable[[T], str], same: Callable[[T, T], bool]
) -> list[T] | None:
    """For each of ours its equal among theirs, whatever the order. None if the two differ.

    Exact copies are paired first. If too much would have to be compared to find the others, the two count as
    different: then an edit is one version too many, never one too few.
    """
    if len(ours) != len(theirs):
        return None
    places: dict[str, deque[int]] = defaultdict(deque)
    for place, other in enumerate(theirs):
        places[content(other)].append(place)
    written = [content(own) for own in ours]
    found = [places[text].popleft() if places[text] else None for text in written]
    free = [place for waiting in places.values() for place in waiting]
    if len(free) * sum(len(text) for text, place in zip(written, found, strict=True) if place is None) > (
        MAX_COMPARED_CHARACTERS
    ):
        return None
    for number, own in enumerate(ours):
        if found[number] is None:
            equal = next((place for place in free if same(own, theirs[place])), None)
            if equal is None:
                return None
            free.remove(equal)
            found[number] = equal
    return [theirs[place] for place in found if place is not None]


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def same_value(one: Any, other: Any) -> bool:
    """As JSON, at any depth. True is not 1, and "1" is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if _is_number(one) and _is_number(other):
        return _close(one, other)
    return type(one) is type(other) and one == other


def _close(one: float, other: float) -> bool:
    # Whole numbers, such as offsets in a text, have no noise.
    if one == other or (one % 1 == 0 and other % 1 == 0):
        return one == other
    size = max(abs(one), abs(other))
    try:
        return abs(one - other) < (NOISE * size if size <= MAX_NUMBER else TIME_NOISE)
    except OverflowError:  # an integer beyond any float, beside a float
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same_answer(one: list[Region], other: list[Region]) -> bool:
    """Whether two annotations give the same answer.

    Region ids are names within one annotation: another annotation has other ids for the same regions. So
    the ids themselves are not compared, only which regions they link.
    """
    if same_result(one, other):
        return True
    if not is_result(one) or not is_result(other) or len(one) != len(other):
        return False
    names = _matched(_by_region(one), _by_region(other))
    return names is not None and _same_regions(_links(one, names), _links(other, {}))


def _by_region(result: list[Region]) -> dict[str, list[Region]]:
    """The parts of each region, without ids. Relations are links, not regions."""
    parts = defaultdict(list)
    for part in result:
        if part.get("type") != RELATION:
            parts[str(part.get("id"))].append(_without(part, ORIGIN, *NAMING_KEYS))
    return parts


def _matched(ours: dict[str, list[Region]], theirs: dict[str, list[Region]]) -> dict[str, str] | None:
    """Our region id → theirs. None if one of our regions is not among theirs."""
    found = paired(
        list(ours.items()),
        list(theirs.items()),
        content=lambda region: "\n".join(sorted(map(as_json, region[1]))),
        same=lambda own, other: _same_regions(own[1], other[1]),
    )
    return None if found is None else {own: other for own, (other, _) in zip(ours, found, strict=True)}


def _links(result: list[Region], names: dict[str, str]) -> list[Region]:
    """Relations and parents, with ids replaced as `names` says."""
    relations = [_without(part, ORIGIN) for part in result if part.get("type") == RELATION]
    parents = [{key: part.get(key) for key in NAMING_KEYS} for part in result if part.get("parentID")]
    return [_renamed(link, names) for link in relations + parents]


def _renamed(part: Region, names: dict[str, str]) -> Region:
    ids = {
        key: names.get(str(part[key]), str(part[key])) for key in LINKING_KEYS if part.get(key) is not None
    }
    return part | ids
