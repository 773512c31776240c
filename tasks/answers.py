"""When two annotations say the same, whatever each calls its regions."""

from collections import defaultdict

from .results import RELATION, Region, is_result, same_result, same_value

NAMING_KEYS = ("id", "parentID")
LINKING_KEYS = (*NAMING_KEYS, "from_id", "to_id")


def same_answer(one: list[Region], other: list[Region]) -> bool:
    """Whether two annotations say the same. The id of a region is its name within one annotation: another annotation calls
    the same region otherwise, so only what hangs together by ids is compared, not the ids."""
    if same_result(one, other):
        return True
    if not is_result(one) or not is_result(other) or len(one) != len(other):
        return False
    names = _matched(_by_region(one), _by_region(other))
    return names is not None and _same_links(_links(one, names), _links(other, {}))


def _by_region(result: list[Region]) -> dict[str, list[Region]]:
    """The parts of each region, in one order, without what names regions. Relations are links, no regions."""
    parts = defaultdict(list)
    for part in sorted(result, key=lambda part: (str(part.get("from_name")), str(part.get("type")))):
        if part.get("type") != RELATION:
            parts[str(part.get("id"))].append(
                {key: value for key, value in part.items() if key not in NAMING_KEYS}
            )
    return parts


def _matched(ours: dict[str, list[Region]], theirs: dict[str, list[Region]]) -> dict[str, str] | None:
    """What they call each of our regions; None when one of ours is not among theirs."""
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
    """Which regions hang together: relations and parents, with the ids as `names` has them."""
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
