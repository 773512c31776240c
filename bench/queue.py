"""How long the next item of the review queue takes, by order and size.

`python -m devserver.embedded -- python -m bench.queue 1000 10000 1000000` makes a project of each size on one
site and measures them in turn, so that other work on the machine slows all alike. For each order it prints
median and p95 in ms of drawing an item, of the database's own share of that, of counting what is left, and of
GET …/review-queue/next/ (the whole answer); the ratio of the last size to the one before; the query plans at
the last. One annotation in twenty is the reviewer's own.
"""

import json
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from bench.database import empty_database, run
from bench.seed import authors, seed_reviewable

if TYPE_CHECKING:
    from tests.factories import House

DRAWS, REQUESTS = 200, 40
MEASURED = ("draw", "database", "remaining", "request")

# What is measured → median and p95 for each size.
Times = dict[str, list[dict[str, float]]]


class Place:
    """A project in which `count` annotations wait."""

    def __init__(self, house: "House", count: int, written_by: list[int]):
        from tasks.services.members import set_role
        from tests.factories import annotation, client_of, project, task
        from users.capabilities import Role

        self.house, self.count = house, count
        self.project = project(lead=house.lead, title=f"{count} waiting")
        set_role(self.project, house.reviewer, Role.REVIEWER)
        example = annotation(task(self.project), house.annotator)
        seed_reviewable(example, count, reviewer=house.reviewer, written_by=written_by)
        self.client = client_of(house.reviewer)
        self.url = f"/api/projects/{self.project.pk}/review-queue/next/"

    def set_order(self, order: str) -> None:
        from reviews.queue.drawing import QueueRequest
        from tasks.services import projects

        self.project = projects.update(self.project, {"sampling": order}, actor=self.house.lead)
        self.queue_request = QueueRequest(self.project, self.house.reviewer)
        answer = self.client.get(self.url)
        assert answer.status_code == 200 and answer.json()["annotation"], answer.content

    def draw(self) -> None:
        from reviews.queue.drawing import draw

        assert draw(self.queue_request)

    def remaining(self) -> None:
        from reviews.queue.drawing import remaining

        remaining(self.queue_request)

    def request(self) -> None:
        self.client.get(self.url)

    def plan(self) -> list[str]:
        from django.db import connection, transaction

        from reviews.queue.drawing import statement

        release_leases()
        with transaction.atomic(), connection.cursor() as cursor:
            sql, parameters = statement(self.queue_request)
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}", parameters)
            plan = [row[0] for row in cursor.fetchall()]
            transaction.set_rollback(True)
        return plan


def measure(places: list[Place]) -> dict[str, Times]:
    """By order."""
    from tasks.choices import Sampling

    found: dict[str, Times] = {}
    for order in map(str, Sampling):
        for place in places:
            place.set_order(order)
        database = [[_database_time(place.plan()) for place in places] for _ in range(DRAWS)]
        found[order] = {
            "draw": _in_turn([place.draw for place in places], DRAWS),
            "database": _percentiles(database),
            "remaining": _in_turn([place.remaining for place in places], DRAWS),
            "request": _in_turn([place.request for place in places], REQUESTS),
        }
        print(f"\nplan of {order} at {places[-1].count:,}:", *places[-1].plan(), sep="\n  ")
    return found


def _database_time(plan: list[str]) -> float:
    (line,) = (line for line in plan if line.startswith("Execution Time"))
    return float(line.split()[2])


def _in_turn(calls: list[Callable[[], None]], rounds: int) -> list[dict[str, float]]:
    times = []
    for _ in range(rounds):
        row = []
        for call in calls:
            release_leases()
            began = perf_counter()
            call()
            row.append((perf_counter() - began) * 1000)
        times.append(row)
    return _percentiles(times)


def _percentiles(rows: list[list[float]]) -> list[dict[str, float]]:
    columns = [sorted(column) for column in zip(*rows, strict=True)]
    return [{"p50": round(c[len(c) // 2], 2), "p95": round(c[int(len(c) * 0.95) - 1], 2)} for c in columns]


def release_leases() -> None:
    """A leased item would be answered again, without a search."""
    from reviews.models import QueueEntry

    free = {"lease": None, "leased_to": None, "leased_at": None, "leased_until": None}
    QueueEntry.objects.exclude(leased_to=None).update(**free)


def show(places: list[Place], found: dict[str, Times]) -> None:
    sizes = "".join(f"{place.count:>20,}" for place in places)
    print(f"\norder           measured   {sizes}   ratio of medians")
    for order, measured in found.items():
        for name in MEASURED:
            times = measured[name]
            shown = "".join(f"{each['p50']:>9.2f} / {each['p95']:>5.2f} ms" for each in times)
            ratio = times[-1]["p50"] / times[-2]["p50"] if len(times) > 1 else 1.0
            print(f"{order:<15} {name:<10} {shown}   {ratio:.2f}")
    print(json.dumps({"bench": "queue", "sizes": [place.count for place in places], "ms": found}))


def main(*counts: int) -> None:
    from django.db import connection

    from tests.factories import build_house

    with empty_database():
        house, written_by = build_house(), authors()
        places = [Place(house, count, written_by) for count in counts]
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        show(places, measure(places))


if __name__ == "__main__":
    run(main, default=[1000, 10_000])
