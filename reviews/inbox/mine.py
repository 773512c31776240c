"""One person's inbox: what waits for them, oldest first, and how much of each kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from users.models import User

from . import personal, pools
from .kinds import BOUND, Item, Kind


@dataclass(frozen=True)
class Count:
    """`is_estimate`: at least so many."""

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
    """Of each kind the oldest BOUND. Constant in queries, however many projects."""
    reader = personal.reader_of(user, project)
    own = {kind: personal.items(reader, kind) if kind in kinds else [] for kind in Kind}
    shared = {kind: pools.items(reader, kind) if kind in kinds else [] for kind in Kind}
    listed = [item for kind in Kind for item in [*own[kind][:BOUND], *shared[kind]]]
    listed.sort(key=lambda item: (item.since, item.project, item.task, item.annotation or 0))
    return Inbox(listed, {kind: _count(own[kind], shared[kind]) for kind in Kind})


def _count(own: Sequence[Item], pools: Sequence[Item]) -> Count:
    """Corrections count by fix: one look at each."""
    more = len(own) > BOUND or any(pool.is_estimate for pool in pools)
    return Count(min(len(own), BOUND) + sum(pool.number for pool in pools), more)
