from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crowd import claims
from crowd.campaigns import block, release, set_target
from crowd.claims import Nothing
from crowd.counts import stats
from crowd.importing.importer import import_items
from crowd.models import (
    Campaign,
    CampaignCount,
    CampaignState,
    Item,
    Participation,
    Reviewer,
    Slot,
    Status,
    Submission,
)
from crowd.submitting import Differs, submit
from tasks.errors import Refused

from .factories import answers, claimed, lapse, lines, review_next, reviewer

pytestmark = pytest.mark.django_db


def test_claim_gives_the_same_item_until_it_is_submitted(campaign):
    ann = reviewer()
    first = claimed(campaign, ann)
    assert claimed(campaign, ann) == first
    submit(campaign, ann, first.item.anno_id, answers())
    assert claimed(campaign, ann).item != first.item


def test_items_with_the_fewest_reviews_come_first(campaign):
    seen = [review_next(campaign, reviewer()).submission.item_id for _ in range(3)]
    assert len(set(seen)) == 3


def test_a_person_reviews_each_item_once(campaign):
    ann = reviewer()
    for _ in range(3):
        review_next(campaign, ann)
    assert claims.claim(campaign, ann) == Nothing(claims.ALL_YOU_CAN)


def test_who_has_done_everything_is_not_searched_for(campaign):
    """On a campaign of a million slots that took two seconds."""
    ann = reviewer()
    for _ in range(3):
        review_next(campaign, ann)
    set_target(campaign, 4, actor=campaign.created_by)  # the places where searches ended say nothing any more

    with CaptureQueriesContext(connection) as asked:
        assert claims.claim(campaign, ann) == Nothing(claims.ALL_YOU_CAN)

    assert "place AS MATERIALIZED" not in str(asked.captured_queries)


def test_items_that_come_later_are_found_by_who_has_searched_to_the_end(campaign):
    ann = reviewer()
    for _ in range(3):
        review_next(campaign, ann)
    assert claims.claim(campaign, ann) == Nothing(claims.ALL_YOU_CAN)

    import_items(campaign, BytesIO(lines("a", "b", "c", "d", "e", "f")))

    assert {review_next(campaign, ann).submission.item.anno_id for _ in range(3)} == {"d", "e", "f"}


def test_nothing_is_left_when_every_item_has_its_reviews(campaign):
    for _ in range(3):
        ann = reviewer()
        for _ in range(3):
            review_next(campaign, ann)
    assert claims.claim(campaign, reviewer()) == Nothing(claims.ALL_DONE)
    assert stats(campaign) == {
        "annos_total": 3,
        "annos_fully_done": 3,
        "reviews_total": 9,
        "unique_reviewers": 3,
        "target_per_anno": 3,
    }
    assert list(Item.objects.values_list("counted", "open_slots")) == [(3, 0)] * 3


def test_what_others_hold_becomes_free_when_their_lease_runs_out(campaign):
    held = [claimed(campaign, reviewer()) for _ in range(9)]
    nothing = claims.claim(campaign, reviewer())
    assert nothing.reason == claims.OTHERS_HOLD
    assert nothing.until == min(Slot.objects.values_list("leased_until", flat=True))
    lapse(held[0])
    assert claimed(campaign, reviewer()) == held[0]


def test_late_work_counts_while_nobody_else_has_the_slot(campaign):
    ann = reviewer()
    slot = claimed(campaign, ann)
    lapse(slot)
    assert submit(campaign, ann, slot.item.anno_id, answers()).submission.status == Status.COUNTED


def test_late_work_beyond_the_target_is_kept_as_surplus(campaign):
    Slot.objects.exclude(n=1).delete()
    Item.objects.update(open_slots=1)
    late, other = reviewer(), reviewer()
    slot = claimed(campaign, late)
    lapse(slot)
    for _ in range(3):
        review_next(campaign, other)
    assert submit(campaign, late, slot.item.anno_id, answers()).submission.status == Status.SURPLUS
    assert stats(campaign)["reviews_total"] == 3


def test_sending_twice_is_answered_with_the_first(campaign):
    ann = reviewer()
    first = review_next(campaign, ann)
    again = submit(campaign, ann, first.submission.item.anno_id, answers())
    assert (again.submission, again.is_repeat) == (first.submission, True)
    assert Submission.objects.count() == 1


def test_other_answers_for_the_same_item_replace_only_when_asked(campaign):
    ann = reviewer()
    first = review_next(campaign, ann).submission
    with pytest.raises(Differs) as refused:
        submit(campaign, ann, first.item.anno_id, answers(tg=1))
    assert refused.value.earlier == first
    second = submit(campaign, ann, first.item.anno_id, answers(tg=1), replace=True).submission
    first.refresh_from_db()
    assert (first.status, second.status) == (Status.SUPERSEDED, Status.COUNTED)
    assert stats(campaign)["reviews_total"] == 1
    assert Item.objects.get(pk=first.item_id).counted == 1


def test_a_skipped_item_is_free_for_others_and_not_offered_again(campaign):
    ann = reviewer()
    skipped = claimed(campaign, ann)
    claims.skip(campaign, ann, skipped.item.anno_id, "dead_media")
    seen = {review_next(campaign, ann).submission.item_id for _ in range(2)}
    assert skipped.item_id not in seen
    assert claims.claim(campaign, ann) == Nothing(claims.ALL_YOU_CAN)
    assert claims.in_hand(campaign) == 0


def test_a_paused_campaign_takes_what_is_in_hand_and_gives_nothing_new(campaign):
    ann = reviewer()
    slot = claimed(campaign, ann)
    Campaign.objects.update(state=CampaignState.PAUSED)
    assert submit(campaign, ann, slot.item.anno_id, answers()).submission.status == Status.COUNTED
    assert claims.claim(campaign, ann) == Nothing(claims.PAUSED)


def test_the_cap_of_a_person_counts_their_reviews(campaign):
    Campaign.objects.update(per_person=1)
    ann = reviewer()
    review_next(campaign, ann)
    assert claims.claim(campaign, ann) == Nothing(claims.CAP_REACHED)


def test_an_unknown_item_is_refused(campaign):
    with pytest.raises(Refused) as refused:
        submit(campaign, reviewer(), "nobody", answers())
    assert (refused.value.code, refused.value.status) == ("unknown_anno_id", 400)


MORE = {
    "a higher target": lambda campaign, lead: set_target(campaign, 5, actor=lead),
    "more items": lambda campaign, lead: import_items(campaign, BytesIO(lines("d", "e", "f", "g"))),
    "a released item": lambda campaign, lead: release(campaign, actor=lead),
    "a blocked reviewer": lambda campaign, lead: block(campaign, Reviewer.objects.first(), actor=lead),
}


@pytest.mark.parametrize("what", MORE)
def test_who_had_found_nothing_finds_what_is_opened_later(campaign, house, what):
    for _ in range(2):
        ann = reviewer()
        for _ in range(3):
            review_next(campaign, ann)
    for _ in range(3):
        claimed(campaign, reviewer())
    late = reviewer()
    assert claims.claim(campaign, late).reason == claims.OTHERS_HOLD
    MORE[what](campaign, house.lead)
    assert claimed(campaign, late)


def test_items_that_come_later_and_have_fewer_reviews_come_first(campaign):
    for _ in range(2):
        ann = reviewer()
        for _ in range(3):
            review_next(campaign, ann)
    late = reviewer()
    review_next(campaign, late)
    import_items(campaign, BytesIO(lines("d")))
    assert claimed(campaign, late).item.anno_id == "d"


def test_a_search_goes_on_where_the_last_one_ended(campaign):
    ann = reviewer()
    review_next(campaign, ann)
    first = Participation.objects.get()
    review_next(campaign, ann)
    second = Participation.objects.get()
    assert (second.searched_n, second.searched_shuffle) > (first.searched_n, first.searched_shuffle)


@pytest.mark.parametrize("before", [1, 2])
def test_a_claim_and_a_submit_take_as_many_statements_whatever_there_is(campaign, before):
    shards = [CampaignCount(campaign=campaign, shard=shard) for shard in range(CampaignCount.SHARDS)]
    CampaignCount.objects.bulk_create(shards, ignore_conflicts=True)
    ann = reviewer()
    for _ in range(before):
        review_next(campaign, ann)
    with CaptureQueriesContext(connection) as claiming:
        slot = claimed(campaign, ann)
    with CaptureQueriesContext(connection) as submitting:
        submit(campaign, ann, slot.item.anno_id, answers())
    savepoint = 2
    assert (len(claiming) - savepoint, len(submitting) - savepoint) == (5, 13)
