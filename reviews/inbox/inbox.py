"""One person's inbox: their items, oldest first, and how many there are of each kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from users.models import User

from . import personal, pools
from .kinds import BOUND, Item, Kind


@dataclass(frozen=True)
class Count:
    """`is_estimate`: at least that many."""

    number: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Inbox:
    items: list[Item]
    counts: dict[Kind, Count]

    @property
    def total(self) -> Count:
        counts = self.counts.values()
        return Count(sum(count.number for count in counts), any(count.is_estimate for count in counts))


def inbox_of(user: User, *, kinds: Sequence[Kind] = tuple(Kind), project: int | None = None) -> Inbox:
    """The oldest BOUND items of each kind. As many queries for a hundred projects as for one."""
    reader = personal.reader_of(user, project)
    own = {kind: personal.items(reader, kind) if kind in kinds else [] for kind in Kind}
    shared = {kind: pools.items(reader, kind) if kind in kinds else [] for kind in Kind}
    listed = [item for kind in Kind for item in [*own[kind][:BOUND], *shared[kind]]]
    listed.sort(key=lambda item: (item.since, item.project, item.task, item.annotation or 0))
    return Inbox(listed, {kind: _count(own[kind], shared[kind]) for kind in Kind})


def _count(own: Sequence[Item], pools: Sequence[Item]) -> Count:
    """Corrections are counted by fix: a person looks at each fix once."""
    # One more than BOUND is read of each kind, only to see that there are more.
    more = len(own) > BOUND or any(pool.is_estimate for pool in pools)
    return Count(min(len(own), BOUND) + sum(pool.number for pool in pools), more)
