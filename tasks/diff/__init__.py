"""What changed between two results, as a person would say it: added, removed, moved, relabelled, attributes,
words.

Says nothing exactly where `tasks.results.same_result` finds the two the same, with one difference: a region
or an answer that has only another id (deleted and drawn again, or named anew by a tool) has not changed.
Pure, and never raises, whatever the regions look like. Overlap is our own arithmetic: boxes and ellipses are
clipped exactly, polygons compared along 128 lines.
"""

from collections.abc import Iterator
from typing import Any

from ..results import same_value
from .items import Item, items_of, relations_of
from .matching import Matched, match, match_parts, shared
from .operation import Kind, Operation, word_changes
from .parts import CONTROLS, RELATION, Part, light

__all__ = ["Kind", "Operation", "changes", "word_changes"]

REFERENCES = ("parentID", "from_id", "to_id")
VALUES = {"rating", "number", "datetime", "ranker"}
NOTHING = Part({})
Renamed = dict[str, str]


def changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Operation]:
    """Changed ones first, then what was added, what was removed, and the relations."""
    matched = match(items_of(before), items_of(after))
    renamed = {old.id: new.id for old, new in matched.pairs if old.id and new.id and old.drawn}
    return [
        *(op for old, new in matched.pairs for op in _changed(old, new, renamed)),
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


def _changed(old: Item, new: Item, renamed: Renamed) -> Iterator[Operation]:
    if old.content == new.content:
        return
    parts = match_parts(old.parts, new.parts)
    yield from _moved(old, new, parts.pairs)
    for was, now in parts.pairs:
        if _answers_differ(was, now):
            yield _answered(was, now, new.region)
        yield from _rest_changed(_renamed(was.rest, renamed), now.rest, new.region)
    yield from (_answered(part, NOTHING, new.region) for part in parts.gone)
    yield from (_answered(NOTHING, part, new.region) for part in parts.new)


def _moved(old: Item, new: Item, pairs: list[tuple[Part, Part]]) -> Iterator[Operation]:
    """Once, though every part of a region repeats where it is."""
    moved = [pair for pair in pairs if not same_value(pair[0].where, pair[1].where)]
    if moved:
        was, now = next((pair for pair in moved if pair[1] is new.main), moved[0])
        measured = shared(old, new)
        yield Operation(
            Kind.MOVED,
            new.region,
            now.control,
            overlap=measured,
            before=light(was.where),
            after=light(now.where),
        )


def _answers_differ(was: Part, now: Part) -> bool:
    if was.type != now.type:
        return was.labels != now.labels
    return not same_value(was.answers, now.answers)


def _answered(was: Part, now: Part, region: str) -> Operation:
    """One answer became another; NOTHING is none."""
    part = was if now is NOTHING else now
    before, after = was.answer, now.answer
    label_from, label_to = _exchanged(was.labels, now.labels)
    kind = _kind(part, region, labelled=bool(label_from or label_to))
    if kind == Kind.TEXT:
        before, after = before or "", after or ""
    return Operation(kind, region, part.control, label_from, label_to, before=before, after=after)


def _kind(part: Part, region: str, *, labelled: bool) -> Kind:
    """A region's own labels relabel it; what else is asked about it is an attribute."""
    if part.type == "textarea":
        return Kind.TEXT
    if part.type in VALUES or (part.type in CONTROLS and region):
        return Kind.ATTRIBUTE
    return Kind.RELABELLED if labelled or part.type in CONTROLS else Kind.ATTRIBUTE


def _exchanged(old: list[str], new: list[str]) -> tuple[str, str]:
    """Labels only one side has; all of them where both have the same (in another order, or written
    otherwise)."""
    out, into = [label for label in old if label not in new], [label for label in new if label not in old]
    if not out and not into:
        out, into = old, new
    return ", ".join(out), ", ".join(into)


def _rest_changed(old: dict[str, Any], new: dict[str, Any], region: str) -> Iterator[Operation]:
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if (key in old) != (key in new) or not same_value(before, after):
            yield Operation(Kind.ATTRIBUTE, region, str(key), before=before, after=after)


def _renamed(raw: dict[str, Any], renamed: Renamed) -> dict[str, Any]:
    """Its references in the ids of the later result."""
    names = {key: renamed.get(str(raw[key]), raw[key]) for key in REFERENCES if key in raw}
    return raw | names if names else raw


# --- relations ----------------------------------------------------------------------------------


def _relations_changed(before: Any, after: Any, renamed: Renamed) -> Iterator[Operation]:
    """A relation is named by the two regions it ties."""
    matched = Matched(
        (Part(_renamed(part.raw, renamed)) for part in relations_of(before)), relations_of(after)
    )
    matched.by(lambda part: (str(part.raw.get("from_id")), str(part.raw.get("to_id"))))
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
        labels = _exchanged(was.labels, now.labels)
        yield Operation(Kind.RELABELLED, _from(now), RELATION, *labels, before=was.labels, after=now.labels)
    old, new = ({k: v for k, v in part.rest.items() if k != "labels"} for part in (was, now))
    yield from _rest_changed(old, new, _from(now))


def _from(part: Part) -> str:
    return str(part.raw.get("from_id") or "")
