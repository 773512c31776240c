"""One object of a result, read: what it answers, where it is, and the rest. Nothing here raises."""

import json
from functools import cached_property
from typing import Any

from .shapes import Shape, Size, shape_of, size_of

RELATION = "relation"
# What asks about a region or the task; everything else draws.
CONTROLS = {"choices", "textarea", "rating", "number", "datetime", "taxonomy", "pairwise", "ranker"}
# What they answer is no label to count.
UNLABELLED = {"textarea", "number", "datetime", "ranker"}
# Where the answer is not kept under the name of its type.
ANSWERS = {"textarea": "text", "pairwise": "selected"}
# The keys of a value that say where; in a region of text, `text` quotes it.
PLACES = {
    "x",
    "y",
    "width",
    "height",
    "rotation",
    "radiusX",
    "radiusY",
    "points",
    "vertices",
    "closed",
    "text",
} | {
    *("start", "end", "startOffset", "endOffset", "globalOffsets", "instant", "sequence", "ranges"),
    *("format", "rle", "imageDataURL"),
}
# Masks themselves are told by their versions, not again by what changed in them.
HEAVY = {"rle", "imageDataURL"}
NAMELESS = {"id", "origin"}


class Part:
    """A region may come in parts (box, label, text) that share its id."""

    def __init__(self, raw: dict[str, Any]):
        self.raw = raw
        self.id = "" if raw.get("id") is None else str(raw["id"])
        self.type = str(raw.get("type"))
        self.control = str(raw.get("from_name") or "")
        self.value = raw["value"] if isinstance(raw.get("value"), dict) else {}

    @property
    def draws(self) -> bool:
        return self.type not in CONTROLS

    @cached_property
    def content(self) -> str:
        """Equal for what is written alike under whichever id."""
        return written({key: value for key, value in self.raw.items() if key not in NAMELESS})

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What of its value holds labels or an answer."""
        name = ANSWERS.get(self.type, self.type)
        return {
            k: v for k, v in self.value.items() if k == name or (self.draws and str(k).endswith("labels"))
        }

    @cached_property
    def words(self) -> list[str]:
        return [word for answer in self.answers.values() for word in _words(answer)]

    @property
    def labels(self) -> list[str]:
        """The labels or choices it names, as words."""
        if self.type == RELATION:
            return _words(self.raw.get("labels"))
        return [] if self.type in UNLABELLED else self.words

    @property
    def answer(self) -> Any:
        """As a text, a line for each entry, where it was typed."""
        if self.type == "textarea":
            return "\n".join(self.words)
        found = list(self.answers.values())
        return found[0] if len(found) == 1 else found or self.raw.get("value")

    @cached_property
    def where(self) -> dict[str, Any]:
        return {k: v for k, v in self.value.items() if k in PLACES and k not in self.answers}

    @cached_property
    def rest(self) -> dict[str, Any]:
        """What is neither a place nor an answer: meta, score, flags."""
        beside = {k: v for k, v in self.raw.items() if k not in NAMELESS and k != "value"}
        if not isinstance(self.raw.get("value"), dict):
            return beside | {"value": self.raw.get("value")}
        return {k: v for k, v in self.value.items() if k not in PLACES and k not in self.answers} | beside

    @cached_property
    def size(self) -> Size | None:
        return size_of(self.raw)

    @cached_property
    def shape(self) -> Shape | None:
        return shape_of(self.value, self.size)

    def shape_on(self, size: Size | None) -> Shape | None:
        """On a picture of that size, where its own is not told."""
        return self.shape if self.size or not size else shape_of(self.value, size)


def light(value: dict[str, Any]) -> dict[str, Any]:
    return {key: found for key, found in value.items() if key not in HEAVY}


def written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _words(found: Any) -> list[str]:
    if found is None:
        return []
    return [_word(value) for value in found] if isinstance(found, list) else [_word(found)]


def _word(value: Any) -> str:
    """A path of a taxonomy is told from its root."""
    if isinstance(value, list):
        return " > ".join(map(_word, value))
    return value if isinstance(value, str) else written(value)
