"""What people and leads do at the same moment, on real connections: no work is lost or counted twice."""

import random
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import pytest
from django.db import transaction

from crowd import campaigns, claims, drift
from crowd.campaigns import block, release, set_target, unblock
from crowd.claims import OTHERS_HOLD, claim, skip
from crowd.completion import complete_if_done
from crowd.importing.importer import import_items
from crowd.models import Campaign, CampaignState, Item, Participation, Slot, Status, Submission
from crowd.submitting import Differs, submit
from tasks.errors import Refused
from tasks.events import APP_EVENT, domain_events
from tests.parallel import one_waits_for_another, together

from .factories import answers, claimed, lapse, lines, review_next, reviewer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def actions() -> Iterator[list[str]]:
    """What listeners are told of."""
    heard: list[str] = []

    def listen(events, **_):
        heard.extend(event.detail["action"] for event in events if event.kind == APP_EVENT)

    domain_events.connect(listen)
    yield heard
    domain_events.disconnect(listen)


def statuses() -> Counter[str]:
    return Counter(Submission.objects.values_list("status", flat=True))


def assert_exact(campaign: Campaign) -> None:
    """Each item has reviews by as many people, and as many open slots as it still wants; counters agree."""
    assert [str(one) for one in drift.find(campaign.project)] == []


def test_a_new_person_in_many_tabs_gets_one_item(campaign):
    ann = reviewer()
    slots = together([lambda: claim(campaign, ann)] * 12)
    assert len({slot.pk for slot in slots}) == 1
    assert Participation.objects.count() == 1


def test_people_who_come_at_once_get_different_slots(campaign):
    people = [reviewer() for _ in range(9)]
    found = together([lambda who=who: claim(campaign, who) for who in people])
    assert len({slot.pk for slot in found}) == 9
    assert claim(campaign, reviewer()).reason == OTHERS_HOLD


def test_the_same_review_sent_many_times_at_once_is_one(campaign):
    ann = reviewer()
    item = claimed(campaign, ann).item.anno_id
    outcomes = together([lambda: submit(campaign, ann, item, answers())] * 8)
    assert len({outcome.submission for outcome in outcomes}) == 1
    assert Counter(outcome.is_repeat for outcome in outcomes) == {True: 7, False: 1}
    assert_exact(campaign)


def test_two_tabs_with_different_answers_are_one_review_and_a_question(campaign):
    ann = reviewer()
    item = claimed(campaign, ann).item.anno_id

    def send(score: int) -> str:
        try:
            return submit(campaign, ann, item, answers(tg=score)).submission.status
        except Differs:
            return "differs"

    assert Counter(together([lambda s=score: send(s) for score in (1, 2)])) == {"counted": 1, "differs": 1}


def test_replacing_in_two_tabs_at_once_leaves_one_that_counts(campaign):
    ann = reviewer()
    item = review_next(campaign, ann).submission.item.anno_id
    replace = [lambda s=score: submit(campaign, ann, item, answers(tg=s), replace=True) for score in (1, 2)]
    together(replace)
    assert statuses() == {"superseded": 2, "counted": 1}
    assert_exact(campaign)


def test_a_slot_being_taken_over_is_not_also_filled_by_the_late_review(one_wanted):
    late, other = reviewer(), reviewer()
    lapse(slot := claimed(one_wanted, late))
    sent = one_waits_for_another(
        lambda: claimed(one_wanted, other), lambda: submit(one_wanted, late, slot.item.anno_id, answers())
    )
    assert sent.result().submission.status == Status.SURPLUS
    assert review_next(one_wanted, other).submission.status == Status.COUNTED
    assert_exact(one_wanted)


def test_a_slot_being_filled_by_a_late_review_is_not_handed_out(one_wanted):
    late, other = reviewer(), reviewer()
    lapse(slot := claimed(one_wanted, late))
    with transaction.atomic():
        submit(one_wanted, late, slot.item.anno_id, answers())
        [nothing] = together([lambda: claim(one_wanted, other)])
        assert (nothing.reason, nothing.until is not None) == (OTHERS_HOLD, True)
    assert claim(one_wanted, other).reason == claims.ALL_DONE


def test_a_late_review_counts_where_another_place_became_free_while_it_waited(one_wanted, house):
    campaign = set_target(one_wanted, 3, actor=house.lead)
    people = [reviewer() for _ in range(3)]
    held = [claimed(campaign, who) for who in people]
    lapse(held[0])

    def taken_over_and_another_given_back() -> None:
        claimed(campaign, reviewer())
        release(campaign, actor=house.lead, reviewer=people[1])

    sent = one_waits_for_another(
        taken_over_and_another_given_back, lambda: submit(campaign, people[0], "a", answers())
    )
    assert sent.result().submission.status == Status.COUNTED
    assert_exact(campaign)


@pytest.mark.parametrize("first", ["skip", "submit"])
def test_skipped_in_one_tab_and_sent_in_another(campaign, first):
    ann = reviewer()
    item = claimed(campaign, ann).item.anno_id
    acts = {
        "skip": lambda: skip(campaign, ann, item, "unclear"),
        "submit": lambda: submit(campaign, ann, item, answers()),
    }
    then = acts.keys() - {first}
    second = one_waits_for_another(acts[first], acts[then.pop()])
    if first == "submit":
        with pytest.raises(Refused):
            second.result()
    assert statuses() == {"counted": 1}
    assert_exact(campaign)


def test_the_cap_holds_in_two_tabs(campaign, house):
    Campaign.objects.update(per_person=1)
    ann = reviewer()
    first = claimed(campaign, ann).item.anno_id
    release(campaign, actor=house.lead)
    Slot.objects.filter(item__anno_id=first).update(leased_until=None)
    skip(campaign, ann, first, "unclear")
    second = claimed(campaign, ann).item.anno_id
    together([lambda item=item: submit(campaign, ann, item, answers()) for item in (first, second)])
    assert statuses() == {"counted": 1, "surplus": 1}
    assert_exact(campaign)


def test_blocked_while_a_review_is_being_stored(campaign, house):
    spammer = reviewer()
    item = claimed(campaign, spammer).item.anno_id
    blocked = one_waits_for_another(
        lambda: submit(campaign, spammer, item, answers()),
        lambda: block(campaign, spammer, actor=house.lead),
    )
    assert blocked.result() == 1
    assert statuses() == {"withdrawn": 1}
    assert_exact(campaign)


def test_a_review_that_waited_for_the_block_is_refused(campaign, house):
    spammer = reviewer()
    item = claimed(campaign, spammer).item.anno_id
    sent = one_waits_for_another(
        lambda: block(campaign, spammer, actor=house.lead),
        lambda: submit(campaign, spammer, item, answers()),
    )
    with pytest.raises(Refused) as refused:
        sent.result()
    assert (refused.value.code, statuses()) == ("blocked", {})


def test_the_target_lowered_while_a_review_is_being_stored(campaign, house):
    ann = reviewer()
    item = claimed(campaign, ann).item.anno_id
    one_waits_for_another(
        lambda: submit(campaign, ann, item, answers()), lambda: set_target(campaign, 1, actor=house.lead)
    ).result()
    assert Item.objects.get(anno_id=item).open_slots == 0
    assert_exact(campaign)


def test_two_leads_change_the_target_at_once(campaign, house):
    for low, high in [(1, 5), (2, 4), (1, 3)]:
        together([lambda n=n: set_target(campaign, n, actor=house.lead) for n in (low, high)])
        assert_exact(campaign)


def test_two_last_reviews_at_once_complete_the_campaign_once(campaign, house, actions):
    set_target(campaign, 1, actor=house.lead)
    people = [reviewer() for _ in range(3)]
    for who in people:
        claimed(campaign, who)
    together([lambda who=who: review_next(campaign, who) for who in people])
    assert Counter(actions) == {
        "CROWD_REVIEW_CREATED": 3,
        "ANNOTATION_TARGET_MET": 3,
        "CAMPAIGN_COMPLETED": 1,
    }


def test_a_campaign_whose_target_was_just_raised_is_not_complete(one_wanted, house):
    slot = claimed(one_wanted, ann := reviewer())
    with transaction.atomic():
        submit(one_wanted, ann, slot.item.anno_id, answers())
        # The slots follow in a later transaction.
        Campaign.objects.update(target=2)
    assert not complete_if_done(one_wanted)
    assert Campaign.objects.get().completed_at is None


def test_completion_waits_for_nobody(one_wanted, house):
    with transaction.atomic():
        campaigns.locked(one_wanted.pk, house.lead)
        together([lambda: review_next(one_wanted, reviewer())])
    assert Campaign.objects.get().completed_at is None
    assert complete_if_done(one_wanted)


@pytest.fixture
def busy(campaign) -> Campaign:
    """Ten items, and leases that end at once."""
    import_items(campaign, BytesIO(lines(*(f"item-{number}" for number in range(7)))))
    Campaign.objects.update(lease_seconds=1)
    return Campaign.objects.get()


def test_everything_at_once_loses_and_doubles_nothing(busy, house):
    """People claim, send, replace, skip and come late, while the lead changes all that can be changed."""
    people, sent = [reviewer() for _ in range(6)], []

    def work(who, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            slot = claim(busy, who)
            item = slot.item.anno_id if isinstance(slot, Slot) else chance.choice("abc")
            try:
                if chance.random() < 0.15:
                    skip(busy, who, item, "other")
                else:
                    scores = answers(tg=chance.choice([1, 3]))
                    outcome = submit(busy, who, item, scores, replace=chance.random() < 0.7)
                    sent.append(outcome.submission.pk)
            except Refused as refused:
                assert refused.code in ("blocked", "already_reviewed", "already_reviewed_differently")

    def lead(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(12):
            act, who = chance.randrange(5), chance.choice(people)
            if act == 0:
                set_target(busy, chance.randrange(1, 6), actor=house.lead)
            elif act == 1:
                release(busy, actor=house.lead)
            elif act == 2:
                block(busy, who, actor=house.lead)
                unblock(busy, who, actor=house.lead)
            elif act == 3:
                campaigns.set_state(busy, chance.choice(list(CampaignState)[:2]), actor=house.lead)
            else:
                names = [f"item-{number}" for number in range(chance.randrange(20))]
                import_items(busy, BytesIO(lines(*names, tg_question=str(chance.random()))))

    together(
        [lambda n=n, who=who: work(who, n) for n, who in enumerate(people)]
        + [lambda n=n: lead(n) for n in (100, 101)]
    )
    assert_exact(busy)
    assert set(sent) <= set(Submission.objects.values_list("pk", flat=True))
