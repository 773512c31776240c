"""Which region of one result is which of the other: by id, or by content if a tool or redrawing gave new
ids.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from itertools import count
from typing import Generic, TypeVar

from .items import Item
from .overlap import Budget, cost_of, distance, overlap
from .parts import Part
from .shapes import Keypoint

MIN_OVERLAP = 0.5  # a region redrawn by the same control with this overlap is the old one, moved
MAX_DISTANCE = 5.0  # the same for points, in percent of the image
MAX_PAIRS = 10_000  # of remaining regions: more are not compared by overlap

T = TypeVar("T")


class Matching(Generic[T]):
    """Pairs of before and after; `gone` and `new` are what is left of either."""

    def __init__(self, before: Iterable[T], after: Iterable[T]):
        self.pairs: list[tuple[T, T]] = []
        self.gone, self.new = list(before), list(after)

    def pair_by(self, key: Callable[[T], Hashable | None]) -> None:
        """Pair items with the same key, in order. None is not a key."""
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


def match(before: list[Item], after: list[Item]) -> Matching[Item]:
    """Unchanged items first, then by id, then answers by their question, then regions redrawn in the old
    place.
    """
    matched = Matching(before, after)
    for key in (_unchanged, _content, _identity, _place):
        matched.pair_by(key)
    matched.take(_redrawn(matched.gone, matched.new, Budget()))
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


def match_parts(before: Iterable[Part], after: Iterable[Part]) -> Matching[Part]:
    """The parts of one region: unchanged ones, then by control and type, then one shape for another."""
    matched = Matching(before, after)
    matched.pair_by(lambda part: part.content)
    matched.pair_by(lambda part: (part.control, part.type))
    matched.pair_by(lambda part: "drawing" if part.draws else None)
    return matched


# --- redrawn ------------------------------------------------------------------------------------


def _redrawn(gone: list[Item], new: list[Item], budget: Budget) -> list[tuple[Item, Item]]:
    """The most similar pairs first; among equals those with the same labels.

    Pairs that the budget has no room for are not compared.
    """
    gone, new = ([item for item in items if item.drawn and item.main.shape] for items in (gone, new))
    if len(gone) * len(new) > MAX_PAIRS:
        return []
    order = count()
    pairs = [(a, b) for a in gone for b in new if a.place == b.place]
    # What is measured fast comes first: boxes before long polygons.
    pairs.sort(key=lambda pair: pair[0].main.points + pair[1].main.points)
    candidates = sorted(
        (-similarity, a.main.labels != b.main.labels, next(order), a, b)
        for a, b in pairs
        if (similarity := _similarity(a, b, budget)) >= MIN_OVERLAP
    )
    taken: set[int] = set()
    matched = []
    for *_, a, b in candidates:
        if not {id(a), id(b)} & taken:
            taken |= {id(a), id(b)}
            matched.append((a, b))
    return matched


def _similarity(one: Item, other: Item, budget: Budget) -> float:
    shapes = one.main.shape, other.main.shape
    if isinstance(shapes[0], Keypoint) and isinstance(shapes[1], Keypoint):
        return 1 - MIN_OVERLAP * distance(shapes[0], shapes[1]) / MAX_DISTANCE
    return overlap_of(one, other, budget) or 0.0


def overlap_of(one: Item, other: Item, budget: Budget) -> float | None:
    """On the same image: if only one of the two has its size, it applies to both. None beyond the budget."""
    size = one.main.size or other.main.size
    made_again = sum(part.points for part in (one.main, other.main) if size and not part.size)
    if not budget.allows(made_again):
        return None
    shapes = one.main.shape_on(size), other.main.shape_on(size)
    return overlap(*shapes) if budget.allows(cost_of(*shapes)) else None
