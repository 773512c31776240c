import pytest

from crowd import campaigns, claims
from crowd.counts import stats
from crowd.models import Campaign, Item, Slot, Status, Submission
from crowd.submitting import submit
from tasks.errors import Refused

from .factories import answers, claimed, review_next, reviewer

pytestmark = pytest.mark.django_db


def slots_of_items() -> list[tuple[int, int, int]]:
    """(counted, open, slots there are) of each item."""
    return [(item.counted, item.open_slots, item.slots.count()) for item in Item.objects.order_by("pk")]


def test_raising_the_target_adds_open_slots(campaign, house):
    campaigns.set_target(campaign, 5, actor=house.lead)
    assert slots_of_items() == [(0, 5, 5)] * 3


def test_lowering_the_target_keeps_reviews_and_what_people_have_in_hand(campaign, house):
    done = review_next(campaign, reviewer()).submission.item_id
    ann = reviewer()
    held = claimed(campaign, ann)
    campaigns.set_target(campaign, 1, actor=house.lead)
    assert Item.objects.get(pk=done).open_slots == 0
    assert list(Slot.objects.filter(item=held.item)) == [held]
    assert stats(campaign)["annos_fully_done"] == 1
    assert submit(campaign, ann, held.item.anno_id, answers()).submission.status == Status.COUNTED


def test_a_target_lowered_below_what_is_there_makes_later_work_surplus(campaign, house):
    ann = reviewer()
    held = claimed(campaign, ann)
    for _ in range(2):
        other = reviewer()
        for _ in range(3):
            review_next(campaign, other)
    campaigns.set_target(campaign, 1, actor=house.lead)
    assert slots_of_items() == [(2, 0, 2)] * 3
    assert submit(campaign, ann, held.item.anno_id, answers()).submission.status == Status.SURPLUS


def test_blocking_somebody_withdraws_their_reviews_and_asks_others(campaign, house):
    spammer = reviewer()
    for _ in range(3):
        review_next(campaign, spammer)
    assert campaigns.block(campaign, spammer, actor=house.lead) == 3
    assert slots_of_items() == [(0, 3, 3)] * 3
    assert set(Submission.objects.values_list("status", flat=True)) == {Status.WITHDRAWN}
    now = stats(campaign)
    assert (now["reviews_total"], now["unique_reviewers"]) == (0, 0)
    assert claims.claim(campaign, spammer) == claims.Nothing(claims.BLOCKED)


def test_releasing_makes_what_is_in_hand_free(campaign, house):
    held = [claimed(campaign, reviewer()) for _ in range(4)]
    assert campaigns.release(campaign, actor=house.lead, reviewer=held[0].reviewer) == 1
    assert campaigns.release(campaign, actor=house.lead) == 3
    assert claims.in_hand(campaign) == 0


@pytest.mark.parametrize("role", ["reviewer", "annotator", "stranger"])
def test_only_managers_run_campaigns(campaign, house, role):
    with pytest.raises(Refused):
        campaigns.create(house.project, actor=getattr(house, role), title="Mine")
    with pytest.raises(Refused):
        campaigns.set_target(campaign, 5, actor=getattr(house, role))
    assert Campaign.objects.get().target == 3


def test_the_slug_comes_from_the_title_and_is_free(campaign, house):
    made = [campaigns.create(house.project, actor=house.lead, title="Kettles").slug for _ in range(2)]
    assert made == ["kettles-2", "kettles-3"]


def test_only_the_site_chooses_its_campaign(campaign, house):
    with pytest.raises(Refused):
        campaigns.set_default(campaign, actor=house.lead)
    campaigns.set_default(campaign, actor=house.admin)
    second = campaigns.create(house.project, actor=house.lead, title="Second")
    campaigns.set_default(second, actor=house.admin)
    assert list(Campaign.objects.filter(is_default=True)) == [second]
