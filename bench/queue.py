"""How long `next` takes, by order and size: `python -m reviewsite.embedded -- python -m bench.queue 1000 10000 1000000`.

Prints, for each order, median and p95 in ms of drawing an item (the one statement) and of GET …/review-queue/next/ (the whole
answer), at each size side by side, the ratio of the largest to the size before it, and the query plans at the largest. One
annotation in twenty is the asking reviewer's own.
"""

import json
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import django

from .seed import seed_reviewable

DRAWS, REQUESTS = 200, 60


def measure(count: int) -> dict[str, Any]:
    from django.db import connection

    from tasks.choices import Sampling
    from tests.factories import build_house, client_of

    house = build_house()
    seed_reviewable(house, count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    client = client_of(house.reviewer)
    return {str(order): _of_order(house, client, order) for order in Sampling}


def _of_order(house: Any, client: Any, order: str) -> dict[str, Any]:
    from reviews.queue.drawing import Ask, draw, remaining
    from tasks.services import projects

    project = projects.update(house.project, {"sampling": order}, actor=house.lead)
    ask, url = Ask(project, house.reviewer), f"/api/projects/{project.pk}/review-queue/next/"
    answer = client.get(url)
    assert answer.status_code == 200 and answer.json()["annotation"], answer.content
    return {
        "draw": _times(lambda: draw(ask), DRAWS),
        "remaining": _times(lambda: remaining(ask), DRAWS),
        "request": _times(lambda: client.get(url), REQUESTS),
        "plan": _plan(ask),
    }


def _times(call: Callable[[], Any], rounds: int) -> dict[str, float]:
    taken = []
    for _ in range(rounds):
        _let_go()
        begun = perf_counter()
        call()
        taken.append((perf_counter() - begun) * 1000)
    taken.sort()
    return {"p50": round(taken[rounds // 2], 2), "p95": round(taken[int(rounds * 0.95) - 1], 2)}


def _let_go() -> None:
    """What is held would be given again, without a search."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reviews_queueentry SET lease = NULL, leased_to_id = NULL, leased_at = NULL, leased_until = NULL "
            "WHERE leased_to_id IS NOT NULL"
        )


def _plan(ask: Any) -> list[str]:
    from django.db import connection, transaction

    from reviews.queue.drawing import statement

    _let_go()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement(ask)}", ask.parameters)
        plan = [row[0] for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return plan


def show(results: dict[int, dict[str, Any]]) -> None:
    sizes = list(results)
    print("order           what       " + "".join(f"{size:>20,}" for size in sizes) + "   ratio of medians")
    for order in results[sizes[0]]:
        for what in ("draw", "remaining", "request"):
            times = [results[size][order][what] for size in sizes]
            shown = "".join(f"{one['p50']:>9.2f} / {one['p95']:>5.2f} ms" for one in times)
            ratio = times[-1]["p50"] / times[-2]["p50"] if len(times) > 1 else 1.0
            print(f"{order:<15} {what:<10} {shown}   {ratio:.2f}")
    for order, found in results[sizes[-1]].items():
        print(f"\nplan of {order} at {sizes[-1]:,}:", *found["plan"], sep="\n  ")
        for size in sizes:
            results[size][order].pop("plan")
    print(json.dumps({"bench": "queue", "ms": results}))


def main(counts: list[int]) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import setup_test_environment

    if connection.introspection.table_names():
        sys.exit("This database is not empty, and measuring would empty it. Use a throw-away one (reviewsite.embedded).")
    setup_test_environment()
    results = {}
    for count in counts:
        call_command("migrate", verbosity=0)
        results[count] = measure(count)
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    show(results)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewsite.settings")
    django.setup()
    main([int(count) for count in sys.argv[1:]] or [1000, 10_000])
