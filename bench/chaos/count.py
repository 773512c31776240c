"""What the database holds, compared with what was acknowledged to reviewers and what reached consumers."""

from collections import Counter, defaultdict
from typing import Any

from bench.chaos.reviewers import Acknowledged
from bench.chaos.trial import Kill, Trial

# A sender killed between the consumer's answer and the record of it must repeat the delivery.
# A kill explains repeats of what was answered from so long before it to so long after it (seconds).
BEFORE = 3
AFTER = {"postgres": 15.0}
AFTER_OTHERS = 2.0

REVIEWS = """
    SELECT id, annotation_id, verdict, undone_at IS NOT NULL,
        extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8
    FROM reviews_review
"""


class Count:
    """The figures of one trial. A `naive` one writes no events: a phantom is known by its review there."""

    def __init__(self, run: Trial, acknowledged: list[Acknowledged], *, naive: bool = False) -> None:
        self.arrivals, self.acknowledged, self.kills = run.arrivals(), acknowledged, run.kills
        self.reviews = {row[0]: row[1:] for row in run.site.rows(REVIEWS)}
        self.events = {str(row[0]) for row in run.site.rows("SELECT unique_id FROM webhooks_event")}
        self.endpoints, self.naive = len(run.endpoints), naive

    @property
    def missing(self) -> int:
        """Acknowledged, and the database does not have exactly that review of that annotation, standing."""
        absent = (None, None, True)
        return sum(
            self.reviews.get(a.review, absent)[::2] != (a.annotation, False) for a in self.acknowledged
        )

    @property
    def decided_twice(self) -> int:
        return sum(count > 1 for count in Counter(review[0] for review in self.reviews.values()).values())

    @property
    def expected(self) -> int:
        return len(self.reviews) * self.endpoints

    @property
    def lost(self) -> int:
        """Committed, and an endpoint never received it."""
        due = {(str(endpoint), review) for endpoint in range(self.endpoints) for review in self.reviews}
        return len(due - self.received.keys())

    @property
    def received(self) -> dict[tuple[str, int], list[float]]:
        """(endpoint, review) → when each complete 200 was answered."""
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
        """When a delivery was answered 200 that was sent again all the same."""
        return [answered for times in self.received.values() for answered in sorted(times)[:-1]]

    @property
    def extra_repeats(self) -> int:
        return sum(not any(_explains(kill, answered) for kill in self.kills) for answered in self.repeats)

    def percent(self, count: int) -> float:
        return round(100 * count / max(1, self.expected), 2)

    def lags(self, *endpoints: int, since: float = 0, until: float = float("inf")) -> list[float]:
        """Seconds from commit to first arrival at these endpoints (all, if none), of commits in that span."""
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
            "acknowledged": len(self.acknowledged),
            "acknowledged_but_missing": self.missing,
            "decided_twice": self.decided_twice,
            "events": self.expected,
            "lost": self.lost,
            "phantom": self.phantom,
            "two_bodies": self.two_bodies,
            "duplicates_percent": self.percent(len(self.repeats)),
            "extra_duplicates_percent": self.percent(self.extra_repeats),
        }

    @property
    def is_complete(self) -> bool:
        wrong = self.missing, self.decided_twice, self.lost, self.phantom, self.two_bodies
        return not any(wrong) and self.percent(self.extra_repeats) <= 1


def percentile(values: list[float], percent: float) -> float:
    """Of sorted values; NaN of none."""
    if not values:
        return float("nan")
    return round(values[min(len(values) - 1, int(len(values) * percent / 100))], 3)


def _explains(kill: Kill, answered: float) -> bool:
    return kill.at - BEFORE <= answered <= kill.at + AFTER.get(kill.kind, AFTER_OTHERS)
