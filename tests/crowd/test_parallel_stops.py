"""Early stops while many people claim and send, and a lead changes what is wanted."""

from io import BytesIO
from random import Random

import pytest
from django.db.models import Count, F, Q

from crowd import campaigns, claims
from crowd.counts import stats
from crowd.importing.importer import import_items
from crowd.measuring import measure
from crowd.models import Campaign, Item, Slot, Status, Submission
from crowd.submitting import submit

from .factories import answers, lines, reviewer
from .test_parallel import run

PEOPLE, ITEMS, TARGET = 10, 12, 5


@pytest.fixture
def busy(transactional_db, house) -> Campaign:
    campaign = Campaign.objects.create(
        project=house.project,
        slug="busy",
        title="Busy",
        created_by=house.lead,
        target=TARGET,
        stop_when_certain=0.6,
    )
    import_items(campaign, BytesIO(lines(*(f"item-{number}" for number in range(ITEMS)))))
    return campaign


def work(campaign: Campaign, seed: int) -> None:
    random, who = Random(seed), reviewer()
    while isinstance(slot := claims.claim(campaign, who), Slot):
        scores = {"qa": 1} if random.random() < 0.3 else {}
        submit(campaign, who, slot.item.anno_id, answers(**scores))
        if random.random() < 0.2:
            submit(campaign, who, slot.item.anno_id, answers(tg=1), replace=True)


def lead_changes_their_mind(campaign: Campaign, house) -> None:
    for threshold, target in ((0.9, 5), (None, 4), (0.6, 5), (0.7, 5)):
        campaigns.update(campaign, {"stop_when_certain": threshold}, actor=house.lead)
        campaigns.set_target(campaign, target, actor=house.lead)
        measure(campaign)


def test_what_is_stored_agrees_with_reviews_and_slots(busy, house):
    everybody = [(work, (busy, seed)) for seed in range(PEOPLE)]
    everybody.append((lead_changes_their_mind, (busy, house)))
    assert run(lambda act, arguments: act(*arguments), everybody) == []
    now = Campaign.objects.get()
    open_slots = Count("slots", filter=Q(slots__submission=None), distinct=True)
    counted = Count("submissions", filter=Q(submissions__status=Status.COUNTED), distinct=True)
    items = Item.objects.annotate(unsubmitted=open_slots, reviews=counted)
    assert not items.exclude(unsubmitted=F("open_slots")).exists()
    assert not items.exclude(reviews=F("counted")).exists()
    assert not items.filter(counted__gt=TARGET).exists()
    for item in items:
        assert item.is_done == (item.counted >= now.target or item.stopped_at is not None)
    assert stats(now)["annos_fully_done"] == items.filter(open_slots=0).count()
    assert stats(now)["reviews_total"] == Submission.objects.filter(status=Status.COUNTED).count()
    people = Count("submissions__reviewer", filter=Q(submissions__status=Status.COUNTED), distinct=True)
    assert not Item.objects.annotate(people=people).exclude(people=F("counted")).exists()
