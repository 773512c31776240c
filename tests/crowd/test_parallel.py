"""Many people at once, on real connections."""

import threading
from io import BytesIO
from random import Random

import pytest
from django.db import connection
from django.db.models import Count, Q

from crowd import claims
from crowd.counts import stats
from crowd.importing.importer import import_items
from crowd.models import Campaign, Item, Slot, Status, Submission
from crowd.submitting import submit

from .factories import answers, lines, reviewer

PEOPLE, ITEMS, TARGET = 12, 20, 3


@pytest.fixture
def busy(transactional_db, house) -> Campaign:
    """Leases that are too short: a second."""
    campaign = Campaign.objects.create(
        project=house.project,
        slug="busy",
        title="Busy",
        created_by=house.lead,
        target=TARGET,
        lease_seconds=1,
    )
    import_items(campaign, BytesIO(lines(*(f"item-{number}" for number in range(ITEMS)))))
    return campaign


def work(campaign: Campaign, seed: int, sent: list[int]) -> None:
    """One person in two tabs, who sometimes vanishes with an item in hand, or comes back with it later."""
    random, who = Random(seed), reviewer()
    late: list[str] = []
    while isinstance(slot := claims.claim(campaign, who), Slot):
        if random.random() < 0.1:
            late.append(slot.item.anno_id)
            who = reviewer()
            continue
        twin = claims.claim(campaign, who)
        for tab in (slot, twin):
            sent.append(submit(campaign, who, tab.item.anno_id, answers()).submission.pk)
    for anno_id in late:
        sent.append(submit(campaign, reviewer(), anno_id, answers()).submission.pk)


def run(target, arguments) -> list[BaseException]:
    errors: list[BaseException] = []

    def guarded(*values):
        try:
            target(*values)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=values) for values in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_every_item_gets_exactly_its_reviews_by_different_people(busy):
    sent: list[int] = []
    assert run(work, [(busy, seed, sent) for seed in range(PEOPLE)]) == []
    # Those who vanished hold what is left for a second.
    while not isinstance(left := claims.claim(busy, late := reviewer()), claims.Nothing) or left.until:
        if isinstance(left, Slot):
            sent.append(submit(busy, late, left.item.anno_id, answers()).submission.pk)
    counted = Count("submissions", filter=Q(submissions__status=Status.COUNTED))
    people = Count("submissions__reviewer", filter=Q(submissions__status=Status.COUNTED), distinct=True)
    found = Item.objects.annotate(reviews=counted, people=people).values_list("reviews", "people", "counted")
    assert set(found) == {(TARGET, TARGET, TARGET)}
    assert set(Submission.objects.values_list("pk", flat=True)) == set(sent)
    now = stats(busy)
    assert (now["annos_fully_done"], now["reviews_total"]) == (ITEMS, ITEMS * TARGET)
    assert Campaign.objects.get().completed_at is not None
