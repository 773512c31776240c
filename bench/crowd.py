"""How long the next item of a public campaign takes, by size, for people who have done little and much.

`python -m devserver.embedded -- python -m bench.crowd 1000 1000000` makes a campaign of so many slots each,
on one site, and measures them in turn, so that other work on the machine slows all alike. Prints median and
p95 in ms of a claim with all its statements, of the first claim after slots were added, which remembers
nothing of earlier ones, and of `/stats`; the ratio of the medians; and the plans at the last size.

- fresh: nobody has done anything.
- half: somebody who has reviewed every second item; others have done nothing.
- all but ten: the same of somebody who has left ten items.
- everything: somebody who has reviewed all items once, and gets none.
- nine of ten done: those items have all their reviews.
- all in hand: every slot is leased to somebody else, so there is none.
- all lapsed: and all those leases have run out.
"""

import json
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.database import empty_database, run

if TYPE_CHECKING:
    from crowd.claims import Nothing
    from crowd.models import Slot
    from tests.factories import House

TARGET, ROUNDS = 3, 100
# In SQL, as if it had been claimed and submitted: it would take an hour.
ITEMS = """
    INSERT INTO crowd_item (campaign_id, anno_id, position, line, counted, open_slots, outcome)
    SELECT %(campaign)s, 'item-' || n, n, '{}', 0, 3, '' FROM generate_series(1, %(items)s) n
"""
SLOTS = """
    INSERT INTO crowd_slot (campaign_id, item_id, n, shuffle) SELECT campaign_id, id, n, random()
    FROM crowd_item, generate_series(1, 3) n WHERE campaign_id = %(campaign)s
"""
# One review by this person of each item that `which` names.
REVIEWS = """
    WITH sent AS (
        INSERT INTO crowd_submission
            (campaign_id, item_id, reviewer_id, status, answers, comment, ms, source, created_at)
        SELECT campaign_id, id, %(reviewer)s, 'counted', '{{}}', '', 1, 'web', now()
        FROM crowd_item WHERE campaign_id = %(campaign)s AND {which}
        RETURNING id, item_id
    )
    UPDATE crowd_slot s SET submission_id = sent.id, reviewer_id = %(reviewer)s, leased_until = NULL
    FROM sent WHERE s.item_id = sent.item_id AND s.n = %(n)s
"""
COUNTED = """
    INSERT INTO crowd_participation
        (campaign_id, reviewer_id, counted, link_key, searched_edition, searched_n, searched_shuffle)
    SELECT %(campaign)s, %(reviewer)s, count(*), '', 0, 0, 0 FROM crowd_submission
    WHERE campaign_id = %(campaign)s AND reviewer_id = %(reviewer)s
"""
OPEN = """
    UPDATE crowd_item i SET counted = f.filled, open_slots = 3 - f.filled FROM (
        SELECT item_id, count(submission_id) AS filled FROM crowd_slot WHERE campaign_id = %(campaign)s
        GROUP BY item_id
    ) f WHERE f.item_id = i.id AND f.filled > 0
"""
PEOPLE = """
    INSERT INTO crowd_reviewer (public_id, secret_hash, created_at)
    SELECT 'bench-' || n, '', now() FROM generate_series(1, %(slots)s) n
"""
LEASES = """
    UPDATE crowd_slot s SET reviewer_id = p.id, claimed_at = now(), leased_until = now() + {until}
    FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM crowd_reviewer WHERE public_id ~ '^bench-'
    ) p, (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM crowd_slot WHERE campaign_id = %(campaign)s
    ) o
    WHERE p.place = o.place AND o.id = s.id
"""
SITUATIONS: dict[str, list[tuple[str, int]]] = {
    "fresh": [],
    "half": [("position %% 2 = 0", 1)],
    "all but ten": [("position > 10", 1)],
    "everything": [("true", 1)],
    "nine of ten done": [],
    "all in hand": [],
    "all lapsed": [],
}
LEASED_UNTIL = {
    "all in hand": "interval '1 day'",
    "all lapsed": "interval '-1 second' * random()",
}


class Place:
    """A campaign of so many slots, in one situation."""

    def __init__(self, house: "House", slots: int, situation: str):
        from crowd import campaigns, counts, identities
        from crowd.models import Slot

        self.slots = slots
        self.campaign = campaigns.create(house.project, actor=house.lead, title="Bench", target=TARGET)
        self.who = identities.mint(None)[0]
        items = -(-slots // TARGET)
        self._sql(ITEMS, items=items)
        self._sql(SLOTS)
        for which, n in SITUATIONS[situation]:
            self._sql(REVIEWS.format(which=which), reviewer=self.who.pk, n=n)
            self._sql(COUNTED, reviewer=self.who.pk)
        if situation == "nine of ten done":
            for n in range(1, TARGET + 1):
                other = identities.mint(None)[0]
                self._sql(REVIEWS.format(which="position %% 10 > 0"), reviewer=other.pk, n=n)
        if lease := LEASED_UNTIL.get(situation):
            self._sql(LEASES.format(until=lease))
        self._sql(OPEN)
        done = self.campaign.items.filter(open_slots=0).count()
        counts.add(self.campaign.pk, items=items, done=done)
        self.free = Slot.objects.filter(campaign=self.campaign, holder=self.who.pk)

    def _sql(self, statement: str, **values: Any) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement, values | {"campaign": self.campaign.pk})

    def claim(self) -> "Slot | Nothing":
        from crowd import claims

        return claims.claim(self.campaign, self.who)

    def give_back(self) -> None:
        """As it was, so that the next claim finds the same: a person with an item in hand gets that."""
        self.free.update(reviewer=None, claimed_at=None, leased_until=None)

    def stats(self) -> None:
        from crowd import counts

        counts.stats(self.campaign)

    def plan(self) -> list[str]:
        from django.db import connection, transaction

        from crowd import claims
        from crowd.models import Participation

        person = Participation.objects.get(campaign=self.campaign, reviewer=self.who)
        parameters = claims.parameters_of(self.campaign, person, 60)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {claims.CLAIM}", parameters)
            plan = [row[0] for row in cursor.fetchall()]
            transaction.set_rollback(True)
        return plan


def measure(places: list[Place]) -> dict[str, list[dict[str, float]]]:
    return {
        "claim": _in_turn([place.claim for place in places], [place.give_back for place in places]),
        "stats": _in_turn([place.stats for place in places], []),
    }


def _in_turn(calls: list[Callable[[], Any]], after: list[Callable[[], None]]) -> list[dict[str, float]]:
    times: list[list[float]] = []
    for _ in range(ROUNDS):
        row = []
        for call in calls:
            began = perf_counter()
            call()
            row.append((perf_counter() - began) * 1000)
        times.append(row)
        for call in after:
            call()
    columns = [sorted(column) for column in zip(*times, strict=True)]
    return [{"p50": round(c[len(c) // 2], 2), "p95": round(c[int(len(c) * 0.95) - 1], 2)} for c in columns]


def main(*counts: int) -> None:
    from django.db import connection

    from tests.factories import build_house

    found: dict[str, Any] = {}
    sizes = "".join(f"{count:>22,}" for count in counts)
    print(f"{'situation':<18}{'measured':<9}{sizes}   ratio of medians")
    with empty_database():
        house = build_house()
        with connection.cursor() as cursor:
            cursor.execute(PEOPLE, {"slots": max(counts) + TARGET})
        for situation in SITUATIONS:
            places = [Place(house, count, situation) for count in counts]
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
            found[situation] = {"first claim": _first_times(places)} | measure(places)
            for name, times in found[situation].items():
                shown = "".join(f"{each['p50']:>10.2f} / {each['p95']:>6.2f} ms" for each in times)
                ratio = times[-1]["p50"] / times[0]["p50"]
                print(f"{situation:<18}{name:<13}{shown}   {ratio:.2f}", flush=True)
            print("  plan:", *places[-1].plan(), sep="\n    ")
    print(json.dumps({"bench": "crowd", "slots": counts, "ms": found}))


def _first_times(places: list[Place]) -> list[dict[str, float]]:
    """Before anything is remembered, once."""
    times = []
    for place in places:
        began = perf_counter()
        place.claim()
        times.append((perf_counter() - began) * 1000)
        place.give_back()
    return [{"p50": round(time, 2), "p95": round(time, 2)} for time in times]


if __name__ == "__main__":
    run(main, default=[1000, 1_000_000])
