"""How long `next` takes, by order and size: `python -m devserver.embedded -- python -m bench.queue 1000 10000 1000000`.

Makes a project of each size on one site and asks them in turn, so that whatever else the machine does slows all alike. Prints,
for each order, median and p95 in ms of drawing an item, of the database's own share of that, of counting what is left, and of GET
…/review-queue/next/ (the whole answer), the sizes side by side, the ratio of the last to the one before, and the query plans at
the last. One annotation in twenty is the asking reviewer's own.
"""

import json
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import django

from .seed import authors, seed_reviewable

DRAWS, REQUESTS = 200, 40
WHAT = ("draw", "database", "remaining", "request")


class Place:
    """A project in which so many annotations wait."""

    def __init__(self, house: Any, count: int, written_by: list[int]):
        from tests.factories import annotation, client_of, members, project, task

        self.house, self.count = house, count
        self.project = project(lead=house.lead, title=f"{count} waiting")
        members.set_role(self.project, house.reviewer, "RE")
        like = annotation(task(self.project), house.annotator)
        seed_reviewable(like, count, reviewer=house.reviewer, written_by=written_by)
        self.client = client_of(house.reviewer)
        self.url = f"/api/projects/{self.project.pk}/review-queue/next/"

    def turn_to(self, order: str) -> None:
        from reviews.queue.drawing import Ask
        from tasks.services import projects

        self.project = projects.update(self.project, {"sampling": order}, actor=self.house.lead)
        self.ask = Ask(self.project, self.house.reviewer)
        answer = self.client.get(self.url)
        assert answer.status_code == 200 and answer.json()["annotation"], answer.content

    def draw(self) -> None:
        from reviews.queue.drawing import draw

        assert draw(self.ask)

    def remaining(self) -> None:
        from reviews.queue.drawing import remaining

        remaining(self.ask)

    def request(self) -> None:
        self.client.get(self.url)

    def plan(self) -> list[str]:
        from django.db import connection, transaction

        from reviews.queue.drawing import statement

        _let_go()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement(self.ask)}", self.ask.parameters
            )
            plan = [row[0] for row in cursor.fetchall()]
            transaction.set_rollback(True)
        return plan


def measured(places: list[Place]) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Order → what → its times at each place."""
    from tasks.choices import Sampling

    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for order in map(str, Sampling):
        for place in places:
            place.turn_to(order)
        found[order] = {
            "draw": _in_turn([place.draw for place in places], DRAWS),
            "database": _summed([[_database_time(place.plan()) for place in places] for _ in range(DRAWS)]),
            "remaining": _in_turn([place.remaining for place in places], DRAWS),
            "request": _in_turn([place.request for place in places], REQUESTS),
        }
        print(f"\nplan of {order} at {places[-1].count:,}:", *places[-1].plan(), sep="\n  ")
    return found


def _database_time(plan: list[str]) -> float:
    (line,) = (line for line in plan if line.startswith("Execution Time"))
    return float(line.split()[2])


def _in_turn(calls: list[Callable[[], Any]], rounds: int) -> list[dict[str, float]]:
    taken = []
    for _ in range(rounds):
        row = []
        for call in calls:
            _let_go()
            begun = perf_counter()
            call()
            row.append((perf_counter() - begun) * 1000)
        taken.append(row)
    return _summed(taken)


def _summed(rows: list[list[float]]) -> list[dict[str, float]]:
    columns = [sorted(column) for column in zip(*rows, strict=True)]
    return [{"p50": round(c[len(c) // 2], 2), "p95": round(c[int(len(c) * 0.95) - 1], 2)} for c in columns]


def _let_go() -> None:
    """What is held would be given again, without a search."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reviews_queueentry SET lease = NULL, leased_to_id = NULL, leased_at = NULL, leased_until = NULL "
            "WHERE leased_to_id IS NOT NULL"
        )


def show(places: list[Place], found: dict[str, dict[str, list[dict[str, float]]]]) -> None:
    print(
        "\norder           what       "
        + "".join(f"{place.count:>20,}" for place in places)
        + "   ratio of medians"
    )
    for order, about in found.items():
        for what in WHAT:
            times = about[what]
            shown = "".join(f"{one['p50']:>9.2f} / {one['p95']:>5.2f} ms" for one in times)
            ratio = times[-1]["p50"] / times[-2]["p50"] if len(times) > 1 else 1.0
            print(f"{order:<15} {what:<10} {shown}   {ratio:.2f}")
    print(json.dumps({"bench": "queue", "sizes": [place.count for place in places], "ms": found}))


def main(counts: list[int]) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import setup_test_environment

    from tests.factories import build_house

    if connection.introspection.table_names():
        sys.exit(
            "This database is not empty, and measuring would fill it. Use a throw-away one (devserver.embedded)."
        )
    setup_test_environment()
    call_command("migrate", verbosity=0)
    house, written_by = build_house(), authors()
    places = [Place(house, count, written_by) for count in counts]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    show(places, measured(places))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
    django.setup()
    main([int(count) for count in sys.argv[1:]] or [1000, 10_000])
