"""Which region of one result is which of the other. Ids lead; content decides where a tool or a redrawing
gave new ones."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from itertools import count
from typing import Generic, TypeVar

from .items import Item
from .overlap import distance, overlap
from .parts import Part
from .shapes import Spot

ALIKE = 0.5  # from this overlap on, a region drawn anew by the same control is the old one, moved
NEAR = 5.0  # the same for points, in percent of the picture
MOST_PAIRS = 10_000  # more than these are not tried for likeness

T = TypeVar("T")


class Matched(Generic[T]):
    """Pairs of before and after, and what has none: gone, new."""

    def __init__(self, before: Iterable[T], after: Iterable[T]):
        self.pairs: list[tuple[T, T]] = []
        self.gone, self.new = list(before), list(after)

    def by(self, key: Callable[[T], Hashable | None]) -> None:
        """Pair what has the same key, in order. None is no key."""
        waiting: dict[Hashable, deque[T]] = defaultdict(deque)
        for item in self.new:
            waiting[key(item)].append(item)
        waiting.pop(None, None)
        named = [(item, waiting.get(key(item))) for item in self.gone] if waiting else []
        self.take([(item, others.popleft()) for item, others in named if others])

    def take(self, pairs: list[tuple[T, T]]) -> None:
        taken = {id(item) for pair in pairs for item in pair}
        self.pairs += pairs
        self.gone = [item for item in self.gone if id(item) not in taken]
        self.new = [item for item in self.new if id(item) not in taken]


def match(before: list[Item], after: list[Item]) -> Matched[Item]:
    """Unchanged ones first, then by id, then answers by what they answer, then regions drawn anew in the old
    place."""
    matched = Matched(before, after)
    for key in (_unchanged, _content, _identity, _place):
        matched.by(key)
    matched.take(_alike(matched.gone, matched.new))
    return matched


def _unchanged(item: Item) -> Hashable:
    return item.drawn, item.id, item.content


def _content(item: Item) -> Hashable:
    return item.drawn, item.content


def _identity(item: Item) -> Hashable | None:
    if not item.id:
        return None
    return item.id if item.drawn else (item.id, item.place)


def _place(item: Item) -> Hashable | None:
    return None if item.drawn else item.place


def match_parts(before: Iterable[Part], after: Iterable[Part]) -> Matched[Part]:
    """The parts of one region: by control and type, then one way of drawing for another."""
    matched = Matched(before, after)
    matched.by(lambda part: (part.control, part.type))
    matched.by(lambda part: "drawing" if part.draws else None)
    return matched


# --- drawn anew ---------------------------------------------------------------------------------


def _alike(gone: list[Item], new: list[Item]) -> list[tuple[Item, Item]]:
    """The closest first. Among equals the one labelled alike."""
    gone, new = ([item for item in items if item.drawn and item.main.shape] for items in (gone, new))
    if len(gone) * len(new) > MOST_PAIRS:
        return []
    order = count()
    likely = sorted(
        (-likeness, a.main.labels != b.main.labels, next(order), a, b)
        for a in gone
        for b in new
        if a.place == b.place and (likeness := _likeness(a, b)) >= ALIKE
    )
    taken: set[int] = set()
    pairs = []
    for *_, a, b in likely:
        if not {id(a), id(b)} & taken:
            taken |= {id(a), id(b)}
            pairs.append((a, b))
    return pairs


def _likeness(one: Item, other: Item) -> float:
    shapes = one.main.shape, other.main.shape
    if isinstance(shapes[0], Spot) and isinstance(shapes[1], Spot):
        return 1 - ALIKE * distance(shapes[0], shapes[1]) / NEAR
    return shared(one, other) or 0.0


def shared(one: Item, other: Item) -> float | None:
    """Overlap on the same picture: its size counts for both where only one of the two tells it."""
    size = one.main.size or other.main.size
    return overlap(one.main.shape_on(size), other.main.shape_on(size))
