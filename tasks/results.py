"""When two results are equal: regions are paired by id and content; key order, `origin` and float noise are
ignored.

`same_result` compares versions of one annotation, `same_answer` annotations by different people.
"""

from collections import defaultdict
from typing import Any

NOISE = 1e-6
IGNORED_KEYS = {"origin"}
RELATION = "relation"
NAMING_KEYS = ("id", "parentID")
LINKING_KEYS = (*NAMING_KEYS, "from_id", "to_id")

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
    """Regions by what identifies them.

    A region may have parts (box, label, text) that share an id; a relation has no id.
    """
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
    return names is not None and _same_links(_links(one, names), _links(other, {}))


def _by_region(result: list[Region]) -> dict[str, list[Region]]:
    """The parts of each region, sorted, without ids. Relations are links, not regions."""
    parts = defaultdict(list)
    for part in sorted(result, key=lambda part: (str(part.get("from_name")), str(part.get("type")))):
        if part.get("type") != RELATION:
            parts[str(part.get("id"))].append(
                {key: value for key, value in part.items() if key not in NAMING_KEYS}
            )
    return parts


def _matched(ours: dict[str, list[Region]], theirs: dict[str, list[Region]]) -> dict[str, str] | None:
    """Our region id → theirs. None if one of our regions is not among theirs."""
    if len(ours) != len(theirs):
        return None
    names, free = {}, dict(theirs)
    for ours_id, parts in ours.items():
        name = next((theirs_id for theirs_id, others in free.items() if same_value(parts, others)), None)
        if name is None:
            return None
        names[ours_id] = name
        del free[name]
    return names


def _links(result: list[Region], names: dict[str, str]) -> list[Region]:
    """Relations and parents, with ids replaced as `names` says."""
    relations = [part for part in result if part.get("type") == RELATION]
    parents = [{key: part.get(key) for key in NAMING_KEYS} for part in result if part.get("parentID")]
    return [_renamed(link, names) for link in relations + parents]


def _renamed(part: Region, names: dict[str, str]) -> Region:
    ids = {
        key: names.get(str(part[key]), str(part[key])) for key in LINKING_KEYS if part.get(key) is not None
    }
    return part | ids


def _same_links(ours: list[Region], theirs: list[Region]) -> bool:
    free = list(theirs)
    for link in ours:
        place = next((place for place, other in enumerate(free) if same_value(link, other)), None)
        if place is None:
            return False
        del free[place]
    return not free
