"""What a result consists of: regions with one or more parts, answers about the whole task, relations."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from .parts import RELATION, Part, without_masks


class Item:
    """One region with its parts, or one answer about the task (then `drawn` is false)."""

    def __init__(self, parts: list[Part], *, drawn: bool):
        self.parts = parts
        self.drawn = drawn
        self.id = parts[0].id

    @property
    def region(self) -> str:
        return self.id if self.drawn else ""

    @cached_property
    def content(self) -> str:
        """Equal if everything but the id is equal."""
        return "\n".join(sorted(part.content for part in self.parts))

    @cached_property
    def place(self) -> tuple[str, ...]:
        """Which control gives an answer about what."""
        return tuple(str(self.main.raw.get(key)) for key in ("from_name", "to_name", "type", "item_index"))

    @cached_property
    def main(self) -> Part:
        """The part with the labels, else the one with the shape."""
        drawing = [part for part in self.parts if part.draws] or self.parts
        return next((part for part in drawing if part.labels), drawing[0])

    @property
    def value(self) -> Any:
        """Of a region the values of all its parts; of an answer the answer."""
        if not self.drawn:
            return self.main.answer
        return {key: found for part in self.parts for key, found in without_masks(part.value).items()}


def items_of(result: Any) -> list[Item]:
    """In the order of the result, without relations. What is not an object is ignored."""
    named: dict[Any, list[Part]] = defaultdict(list)
    for number, part in enumerate(_parts(result)):
        if part.type != RELATION:
            named[part.id or number].append(part)
    return [item for parts in named.values() for item in _items(parts)]


def relations_of(result: Any) -> list[Part]:
    return [part for part in _parts(result) if part.type == RELATION]


def _parts(result: Any) -> Iterable[Part]:
    return (Part(raw) for raw in result if isinstance(raw, dict)) if isinstance(result, list) else ()


def _items(parts: list[Part]) -> list[Item]:
    """Parts with one id are one region, unless none of them has a shape: then each is an answer."""
    if any(part.draws or part.shape for part in parts):
        return [Item(parts, drawn=True)]
    return [Item([part], drawn=False) for part in parts]
