"""What changed between two results: regions added, removed, moved or relabelled, attributes and texts
changed.

There are no changes exactly if `tasks.results.same_result` says the results are equal, with one exception:
a region or an answer that only has another id (deleted and drawn again, or renamed by a tool) has not
changed. The functions are pure, and never raise, whatever the regions contain.
"""

from collections.abc import Iterator
from typing import Any

from ..results import same_result, same_value
from .items import Item, items_of, relations_of
from .matching import Matching, match, match_parts, overlap_of
from .operation import Kind, Operation, word_changes
from .overlap import Budget
from .parts import CONTROLS, RELATION, TEXTS, Part, without_masks

__all__ = ["Kind", "Operation", "changes", "word_changes"]

REFERENCES = ("parentID", "from_id", "to_id")
VALUES = {"rating", "number", "datetime", "ranker", "reactcode"}
NOTHING = Part({})
Renamed = dict[str, str]


def changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Operation]:
    """Changed regions first, then added and removed ones, then relations."""
    if same_result(before, after):
        return []
    matched = match(items_of(before), items_of(after))
    renamed = {old.id: new.id for old, new in matched.pairs if old.id and new.id and old.drawn}
    budget = Budget()
    return [
        *(op for old, new in matched.pairs for op in _changed(old, new, renamed, budget)),
        *map(_added, matched.new),
        *map(_removed, matched.gone),
        *_relations_changed(before, after, renamed),
    ]


def _added(item: Item) -> Operation:
    return Operation(
        Kind.ADDED, item.region, item.main.control, label_to=", ".join(item.main.labels), after=item.value
    )


def _removed(item: Item) -> Operation:
    return Operation(
        Kind.REMOVED,
        item.region,
        item.main.control,
        label_from=", ".join(item.main.labels),
        before=item.value,
    )


# --- the same region ----------------------------------------------------------------------------


def _changed(old: Item, new: Item, renamed: Renamed, budget: Budget) -> Iterator[Operation]:
    if old.content == new.content:
        return
    parts = match_parts(old.parts, new.parts)
    yield from _moved(old, new, parts.pairs, budget)
    for was, now in parts.pairs:
        if _answers_differ(was, now):
            yield _answered(was, now, new.region)
        yield from _rest_changed(_renamed(was.rest, renamed), now.rest, new.region)
    yield from (_answered(part, NOTHING, new.region) for part in parts.gone)
    yield from (_answered(NOTHING, part, new.region) for part in parts.new)


def _moved(old: Item, new: Item, pairs: list[tuple[Part, Part]], budget: Budget) -> Iterator[Operation]:
    """At most one operation, though every part of a region repeats its position."""
    moved = [pair for pair in pairs if not same_value(pair[0].where, pair[1].where)]
    if moved:
        was, now = next((pair for pair in moved if pair[1] is new.main), moved[0])
        measured = overlap_of(old, new, budget)
        yield Operation(
            Kind.MOVED,
            new.region,
            now.control,
            overlap=measured,
            before=without_masks(was.where),
            after=without_masks(now.where),
        )


def _answers_differ(was: Part, now: Part) -> bool:
    if was.type != now.type:
        return was.labels != now.labels
    return not same_value(was.answers, now.answers)


def _answered(was: Part, now: Part, region: str) -> Operation:
    """An answer changed. NOTHING stands for no answer."""
    part = was if now is NOTHING else now
    before, after = was.answer, now.answer
    label_from, label_to = _label_change(was.labels, now.labels)
    kind = _kind(part, region, labelled=bool(label_from or label_to))
    if kind == Kind.TEXT and before == after:  # the time of a message
        return Operation(Kind.ATTRIBUTE, region, part.control, before=was.value, after=now.value)
    if kind == Kind.TEXT:
        before, after = before or "", after or ""
    return Operation(kind, region, part.control, label_from, label_to, before=before, after=after)


def _kind(part: Part, region: str, *, labelled: bool) -> Kind:
    """A change of a region's own labels relabels it. Other answers about it are attributes."""
    if part.type in TEXTS:
        return Kind.TEXT
    if part.type in VALUES or (part.type in CONTROLS and region):
        return Kind.ATTRIBUTE
    return Kind.RELABELLED if labelled or part.type in CONTROLS else Kind.ATTRIBUTE


def _label_change(old: list[str], new: list[str]) -> tuple[str, str]:
    """The labels that only one side has. If both have the same ones, in another order, all of them."""
    removed = [label for label in old if label not in new]
    added = [label for label in new if label not in old]
    if not removed and not added:
        removed, added = old, new
    return ", ".join(removed), ", ".join(added)


def _rest_changed(old: dict[str, Any], new: dict[str, Any], region: str) -> Iterator[Operation]:
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if (key in old) != (key in new) or not same_value(before, after):
            yield Operation(Kind.ATTRIBUTE, region, str(key), before=before, after=after)


def _renamed(raw: dict[str, Any], renamed: Renamed) -> dict[str, Any]:
    """The part with its references changed to ids of the later result."""
    names = {key: renamed.get(str(raw[key]), raw[key]) for key in REFERENCES if key in raw}
    return raw | names if names else raw


# --- relations ----------------------------------------------------------------------------------


def _relations_changed(before: Any, after: Any, renamed: Renamed) -> Iterator[Operation]:
    """A relation is identified by the two regions it connects."""
    matched = Matching(
        (Part(_renamed(part.raw, renamed)) for part in relations_of(before)), relations_of(after)
    )
    matched.pair_by(lambda part: part.content)
    matched.pair_by(lambda part: (str(part.raw.get("from_id")), str(part.raw.get("to_id"))))
    for was, now in matched.pairs:
        yield from _relation_changed(was, now)
    for part in matched.new:
        yield Operation(Kind.ADDED, _from(part), RELATION, label_to=", ".join(part.labels), after=part.raw)
    for part in matched.gone:
        yield Operation(
            Kind.REMOVED, _from(part), RELATION, label_from=", ".join(part.labels), before=part.raw
        )


def _relation_changed(was: Part, now: Part) -> Iterator[Operation]:
    if not same_value(was.raw.get("labels"), now.raw.get("labels")):
        labels = _label_change(was.labels, now.labels)
        yield Operation(Kind.RELABELLED, _from(now), RELATION, *labels, before=was.labels, after=now.labels)
    old, new = ({k: v for k, v in part.rest.items() if k != "labels"} for part in (was, now))
    yield from _rest_changed(old, new, _from(now))


def _from(part: Part) -> str:
    return str(part.raw.get("from_id") or "")
