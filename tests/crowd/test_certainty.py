"""What is stored with an item after each review, and the early stop."""

import pytest

from crowd import campaigns, claims, identities
from crowd.counts import stats
from crowd.measuring import measure
from crowd.models import (
    Campaign,
    Item,
    Participation,
    Reviewer,
    ReviewerMeasure,
    Slot,
    Status,
    Submission,
)
from crowd.submitting import submit

from .factories import answers, claimed, reviewer
from .recorded import recorded_events

pytestmark = pytest.mark.django_db

NO_RECORD = {
    "reviews": 9,
    "compared": 0,
    "known_right": 0,
    "known_asked": 0,
    "speeds": False,
    "straight_lines": False,
}
KEEP, DELETE = {}, {"tg": 1, "sg": 1, "qa": 1}


def review(campaign: Campaign, anno_id: str, *given: dict, by: list[Reviewer] | None = None) -> Item:
    """Reviews of one item by as many people."""
    people = by or [reviewer() for _ in given]
    for who, scores in zip(people, given, strict=True):
        submit(campaign, who, anno_id, answers(**scores))
    return Item.objects.get(campaign=campaign, anno_id=anno_id)


@pytest.fixture
def stopping(campaign, house) -> Campaign:
    """Wants five reviews of each item, but stops when it is 60 % certain."""
    campaigns.set_target(campaign, 5, actor=house.lead)
    return campaigns.update(campaign, {"stop_when_certain": 0.6}, actor=house.lead)


def test_each_review_updates_what_is_stored_with_its_item(campaign):
    item = review(campaign, "a", KEEP)
    assert (item.outcome, item.disagreement) == ("keep", None)
    item = review(campaign, "a", {"qa": 1})
    assert (item.outcome, item.disagreement) == ("delete", 1)
    assert sum(item.posterior.values()) == pytest.approx(1, abs=0.001)
    assert item.certainty <= item.posterior["delete"]
    item = review(campaign, "a", KEEP)
    assert (item.outcome, item.disagreement) == ("keep", 0.6667)
    assert item.probable == "keep"


def test_a_replaced_review_updates_it_too(campaign):
    who = reviewer()
    review(campaign, "a", KEEP, KEEP, by=[who, reviewer()])
    submit(campaign, who, "a", answers(**DELETE), replace=True)
    item = Item.objects.get(anno_id="a")
    assert (item.counted, item.outcome, item.disagreement) == (2, "delete", 1)


def test_surplus_changes_nothing(campaign):
    before = review(campaign, "a", KEEP, KEEP, KEEP)
    after = review(campaign, "a", DELETE)
    assert (after.outcome, after.posterior) == (before.outcome, before.posterior)


def test_a_certain_item_is_done_and_not_offered_any_more(stopping):
    with recorded_events() as events:
        assert review(stopping, "a", KEEP).open_slots == 4
        item = review(stopping, "a", KEEP)
    assert (item.counted, item.open_slots, item.slots.filter(submission=None).count()) == (2, 0, 0)
    assert item.stopped_at is not None
    assert stats(stopping)["annos_fully_done"] == 1
    assert events.count("ANNOTATION_TARGET_MET") == 1
    offered = {claimed(stopping, reviewer()).item.anno_id for _ in range(10)}
    assert offered == {"b", "c"}


def test_what_others_have_in_hand_becomes_surplus(stopping):
    people = [reviewer() for _ in range(12)]
    held = next(slot for slot in (claimed(stopping, who) for who in people) if slot.item.anno_id == "a")
    review(stopping, "a", KEEP, KEEP)
    assert not Slot.objects.filter(pk=held.pk).exists()
    sent = submit(stopping, held.reviewer, "a", answers(**DELETE)).submission
    assert sent.status == Status.SURPLUS
    item = Item.objects.get(anno_id="a")
    assert (item.counted, item.outcome) == (2, "keep")


def test_an_uncertain_item_is_asked_about_until_it_has_all_reviews(stopping, house):
    campaigns.update(stopping, {"stop_when_certain": 0.9}, actor=house.lead)
    item = review(stopping, "a", KEEP, {"qa": 1}, {"qa": 1})
    assert (item.open_slots, item.stopped_at) == (2, None)
    item = review(stopping, "a", KEEP, {"tg": 2})
    assert (item.open_slots, item.stopped_at, item.counted) == (0, None, 5)


def test_one_review_is_never_enough(stopping, house):
    campaigns.update(stopping, {"stop_when_certain": 0.5}, actor=house.lead)
    for anno_id in ("a", "b"):
        review(stopping, anno_id, KEEP, KEEP, KEEP)
    measure(stopping)
    assert review(stopping, "c", KEEP).open_slots == 4


def test_a_known_answer_item_gets_all_its_reviews(stopping):
    Item.objects.filter(anno_id="a").update(known={"tg": 3, "sg": 3, "qa": 3})
    item = review(stopping, "a", KEEP, KEEP)
    assert (item.posterior["keep"], item.open_slots, item.stopped_at) == (1, 3, None)


def test_it_stops_only_for_the_outcome_that_is_shown(stopping):
    """Medians say keep; but two of the three are nearly always wrong."""
    people = [reviewer() for _ in range(5)]
    for number, who in enumerate(people):
        identities.locked_participation(stopping.pk, who)
        right = [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]]
        wrong = [[0.02, 0.08, 0.9], [0.02, 0.08, 0.9], [0.9, 0.08, 0.02]]
        ReviewerMeasure.objects.create(
            participation=Participation.objects.get(reviewer=who),
            rates=wrong if number < 2 else right,
            **NO_RECORD,
        )
    item = review(stopping, "a", KEEP, KEEP, DELETE, by=people[:3])
    assert (item.outcome, item.probable, item.stopped_at) == ("keep", "delete", None)
    assert item.certainty < 0.05


@pytest.mark.parametrize(("threshold", "open_slots"), [(None, 3), (0.99, 3), (0.65, 0)])
def test_another_threshold_is_applied_to_items_that_stopped(stopping, house, threshold, open_slots):
    review(stopping, "a", KEEP, KEEP)
    campaigns.update(stopping, {"stop_when_certain": threshold}, actor=house.lead)
    item = Item.objects.get(anno_id="a")
    assert (item.open_slots, item.slots.filter(submission=None).count()) == (open_slots, open_slots)
    assert (item.stopped_at is None) == bool(open_slots)
    assert stats(stopping)["annos_fully_done"] == int(not open_slots)


def test_switching_it_on_stops_what_is_certain_already(campaign, house):
    campaigns.set_target(campaign, 5, actor=house.lead)
    review(campaign, "a", KEEP, KEEP)
    campaigns.update(campaign, {"stop_when_certain": 0.6}, actor=house.lead)
    assert Item.objects.get(anno_id="a").open_slots == 0


def test_a_higher_target_leaves_certain_items_done(stopping, house):
    review(stopping, "a", KEEP, KEEP)
    campaigns.set_target(stopping, 7, actor=house.lead)
    assert [item.open_slots for item in Item.objects.order_by("anno_id")] == [0, 7, 7]


def test_a_lower_target_that_is_met_is_no_early_stop(stopping, house):
    review(stopping, "a", KEEP, KEEP)
    campaigns.set_target(stopping, 2, actor=house.lead)
    item = Item.objects.get(anno_id="a")
    assert (item.open_slots, item.stopped_at) == (0, None)


def test_blocking_a_reviewer_reopens_what_they_made_certain(stopping, house):
    spammer = reviewer()
    for anno_id in ("a", "b", "c"):
        review(stopping, anno_id, KEEP, KEEP, by=[spammer, reviewer()])
    Campaign.objects.update(completed_at="2026-01-01T00:00Z")
    campaigns.block(stopping, spammer, actor=house.lead)
    found = Item.objects.values_list("counted", "open_slots", "stopped_at", "outcome")
    assert set(found) == {(1, 4, None, "keep")}
    assert stats(stopping)["annos_fully_done"] == 0
    assert Campaign.objects.get().completed_at is None


def test_a_replaced_review_reopens_an_item_that_is_no_longer_certain(
    stopping, django_capture_on_commit_callbacks
):
    who = reviewer()
    review(stopping, "a", KEEP, KEEP, by=[who, reviewer()])
    with django_capture_on_commit_callbacks(execute=True):
        submit(stopping, who, "a", answers(**DELETE), replace=True)
    item = Item.objects.get(anno_id="a")
    assert (item.counted, item.open_slots, item.stopped_at) == (2, 3, None)


def test_measuring_stops_what_has_become_certain_and_reopens_nothing(stopping, house):
    campaigns.update(stopping, {"stop_when_certain": 0.97}, actor=house.lead)
    people = [reviewer(), reviewer()]
    for anno_id in ("a", "b", "c"):
        review(stopping, anno_id, KEEP, KEEP, by=people)
    assert stats(stopping)["annos_fully_done"] == 0
    Campaign.objects.update(stop_when_certain=0.75)
    measure(Campaign.objects.get())
    assert stats(stopping)["annos_fully_done"] == 3
    Campaign.objects.update(stop_when_certain=0.9999)
    measure(Campaign.objects.get())
    assert stats(stopping)["annos_fully_done"] == 3


def test_the_campaign_is_complete_when_all_items_are_certain(stopping, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for anno_id in ("a", "b", "c"):
            review(stopping, anno_id, KEEP, KEEP)
    assert claims.claim(stopping, reviewer()) == claims.Nothing(claims.ALL_DONE)
    assert Campaign.objects.get().completed_at is not None
    assert Submission.objects.count() == 6
