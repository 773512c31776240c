"""One object of a result: its answer, its position, and the rest. Nothing here raises."""

from functools import cached_property
from typing import Any

from ..results import as_json
from .shapes import Outline, Shape, Size, shape_of, size_of

RELATION = "relation"
# Controls that ask about a region or the task. Every other type has a shape.
CONTROLS = {"choices", "textarea", "rating", "number", "datetime", "taxonomy", "pairwise", "ranker"} | {
    *("chatmessage", "reactcode")
}
# Their answers are texts.
TEXTS = {"textarea", "chatmessage"}
# Their answers are not labels.
WITHOUT_LABELS = TEXTS | {"number", "datetime", "ranker", "reactcode"}
# Types whose answer has another key than the type.
ANSWERS = {"textarea": "text", "pairwise": "selected"}
# The keys of a value that give the position. (In a text region, `text` is the selected text.)
POSITION_KEYS = {
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
# Masks are not repeated in operations: they are in the versions.
MASK_KEYS = {"rle", "imageDataURL"}
ID_KEYS = {"id", "origin"}


class Part:
    """A region may have several parts (box, label, text) with the same id."""

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
        """Equal if everything but the id is equal."""
        return as_json({key: value for key, value in self.raw.items() if key not in ID_KEYS})

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The keys of its value with labels or an answer."""
        name = ANSWERS.get(self.type, self.type)
        return {
            k: v for k, v in self.value.items() if k == name or (self.draws and str(k).endswith("labels"))
        }

    @cached_property
    def words(self) -> list[str]:
        return [word for answer in self.answers.values() for word in _words(answer)]

    @property
    def labels(self) -> list[str]:
        """Its labels or choices, as text."""
        if self.type == RELATION:
            return _words(self.raw.get("labels"))
        return [] if self.type in WITHOUT_LABELS else self.words

    @property
    def answer(self) -> Any:
        """Of a textarea one text, with a line for each entry; of a message who says what."""
        if self.type == "textarea":
            return "\n".join(self.words)
        message = self.value.get("chatmessage")
        if self.type == "chatmessage" and isinstance(message, dict):
            return f"{_word(message.get('role'))}: {_word(message.get('content'))}"
        found = list(self.answers.values())
        return found[0] if len(found) == 1 else found or self.raw.get("value")

    @cached_property
    def where(self) -> dict[str, Any]:
        return {k: v for k, v in self.value.items() if k in POSITION_KEYS and k not in self.answers}

    @cached_property
    def rest(self) -> dict[str, Any]:
        """Neither position nor answer: meta, score, flags."""
        others = {k: v for k, v in self.raw.items() if k not in ID_KEYS and k != "value"}
        if not isinstance(self.raw.get("value"), dict):
            return others | {"value": self.raw.get("value")}
        return {
            k: v for k, v in self.value.items() if k not in POSITION_KEYS and k not in self.answers
        } | others

    @cached_property
    def size(self) -> Size | None:
        return size_of(self.raw)

    @cached_property
    def shape(self) -> Shape | None:
        return shape_of(self.value, self.size)

    @property
    def points(self) -> int:
        """How many its shape has: what it costs to make the shape again."""
        return len(self.shape.points) if isinstance(self.shape, Outline) else 1

    def shape_on(self, size: Size | None) -> Shape | None:
        """On an image of that size, if it has no size itself."""
        return self.shape if self.size or not size else shape_of(self.value, size)


def without_masks(value: dict[str, Any]) -> dict[str, Any]:
    return {key: found for key, found in value.items() if key not in MASK_KEYS}


def _words(found: Any) -> list[str]:
    if found is None:
        return []
    return [_word(value) for value in found] if isinstance(found, list) else [_word(found)]


def _word(value: Any) -> str:
    """A path in a taxonomy is written from its root."""
    if isinstance(value, list):
        return " > ".join(map(_word, value))
    return value if isinstance(value, str) else as_json(value)
