"""What the database holds against what the clients were told and the consumers got."""

from collections import Counter, defaultdict
from typing import Any

import psycopg

from bench.chaos.reviewers import Acknowledged
from bench.chaos.trial import Kill, Trial

# A repeat is inevitable where somebody was killed between the answer and its note: about so long before and after (seconds).
BEFORE = 3
AFTER = {"postgres": 15.0}
AFTER_ELSE = 2.0

REVIEWS = """
    SELECT id, annotation_id, verdict, undone_at IS NOT NULL, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8
    FROM reviews_review
"""


class Count:
    """The figures of one run. `naive` runs write no events, so that a phantom is told by its review there."""

    def __init__(self, run: Trial, told: list[Acknowledged], *, naive: bool = False) -> None:
        self.arrivals, self.told, self.kills = run.arrivals(), told, run.kills
        self.reviews = {row[0]: row[1:] for row in _rows(run, REVIEWS)}
        self.events = {str(row[0]) for row in _rows(run, "SELECT unique_id FROM webhooks_event")}
        self.endpoints, self.naive = len(run.endpoints), naive

    @property
    def missing(self) -> int:
        """Acknowledged, and the database does not have exactly that review of that annotation, standing."""
        return sum(
            1
            for a in self.told
            if self.reviews.get(a.review, (None, None, True))[::2] != (a.annotation, False)
        )

    @property
    def decided_twice(self) -> int:
        return sum(count > 1 for count in Counter(review[0] for review in self.reviews.values()).values())

    @property
    def owed(self) -> int:
        return len(self.reviews) * self.endpoints

    @property
    def lost(self) -> int:
        """Committed, and an endpoint never took it."""
        return self.owed - len(
            self.taken.keys() & {(str(n), r) for n in range(self.endpoints) for r in self.reviews}
        )

    @property
    def taken(self) -> dict[tuple[str, int], list[float]]:
        """(endpoint, review) → when each whole 200 was answered."""
        found: dict[tuple[str, int], list[float]] = defaultdict(list)
        for arrival in self.arrivals:
            if arrival["outcome"] == "ok":
                found[arrival["endpoint"], arrival["review"]].append(arrival["done"])
        return found

    @property
    def phantom(self) -> int:
        if self.naive:
            return len({a["review"] for a in self.arrivals} - set(self.reviews))
        return len({a["id"] for a in self.arrivals} - self.events)

    @property
    def two_bodies(self) -> int:
        """Ids that came with two bodies, and reviews that came under two ids."""
        bodies, ids = defaultdict(set), defaultdict(set)
        for arrival in self.arrivals:
            bodies[arrival["id"]].add(arrival["digest"])
            ids[arrival["review"]].add(arrival["id"])
        return sum(len(found) > 1 for found in [*bodies.values(), *ids.values()])

    @property
    def repeats(self) -> list[float]:
        """When an event was answered 200 that was sent again all the same."""
        return [answered for times in self.taken.values() for answered in sorted(times)[:-1]]

    @property
    def extra_repeats(self) -> int:
        return sum(not any(_explains(kill, answered) for kill in self.kills) for answered in self.repeats)

    def percent(self, count: int) -> float:
        return round(100 * count / max(1, self.owed), 2)

    def lags(self, *endpoints: int, since: float = 0, until: float = float("inf")) -> list[float]:
        """Seconds from commit to the first arrival, for these endpoints (all, if none), of what was committed in that time."""
        wanted = {str(number) for number in endpoints or range(self.endpoints)}
        first: dict[tuple[str, int], float] = {}
        for arrival in self.arrivals:
            key = arrival["endpoint"], arrival["review"]
            first[key] = min(first.get(key, arrival["at"]), arrival["at"])
        commits = {review: row[3] for review, row in self.reviews.items() if since <= row[3] < until}
        return sorted(
            at - commits[review]
            for (name, review), at in first.items()
            if name in wanted and review in commits
        )

    @property
    def line(self) -> dict[str, Any]:
        return {
            "acknowledged": len(self.told),
            "acknowledged_but_missing": self.missing,
            "decided_twice": self.decided_twice,
            "events": self.owed,
            "lost": self.lost,
            "phantom": self.phantom,
            "two_bodies": self.two_bodies,
            "duplicates_percent": self.percent(len(self.repeats)),
            "extra_duplicates_percent": self.percent(self.extra_repeats),
        }

    @property
    def is_whole(self) -> bool:
        wrong = self.missing, self.decided_twice, self.lost, self.phantom, self.two_bodies
        return not any(wrong) and self.percent(self.extra_repeats) <= 1


def percentile(values: list[float], percent: float) -> float:
    """Of sorted values; NaN of none."""
    return (
        round(values[min(len(values) - 1, int(len(values) * percent / 100))], 3) if values else float("nan")
    )


def _explains(kill: Kill, answered: float) -> bool:
    return kill.at - BEFORE <= answered <= kill.at + AFTER.get(kill.kind, AFTER_ELSE)


def _rows(run: Trial, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(run.site.env["DATABASE_URL"]) as connection:
        return connection.execute(statement).fetchall()
