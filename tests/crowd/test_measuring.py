from datetime import timedelta
from io import BytesIO
from time import monotonic

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crowd import campaigns
from crowd.importing.importer import import_items
from crowd.measuring import is_due, measure, measure_due
from crowd.models import Campaign, Item, Measurement, Participation, Reviewer, ReviewerMeasure
from crowd.quality import (
    flagged,
    items_by_disagreement,
    items_ordered,
    quality_of,
    reviewers_of,
    score_table,
)
from crowd.submitting import submit

from .factories import answers, lines, review_next, reviewer

pytestmark = pytest.mark.django_db

NAMES = [f"item-{number}" for number in range(6)]


@pytest.fixture
def reviewed(campaign, house) -> Campaign:
    """Six items, four reviewers of all of them: the last says the opposite of the others, who find every
    third item bad."""
    campaigns.set_target(campaign, 4, actor=house.lead)
    import_items(campaign, BytesIO(lines(*NAMES)))
    for who in people(4):
        for number, name in enumerate(NAMES):
            is_bad = (number % 3 == 0) != (who.public_id == "anon_4")
            submit(Campaign.objects.get(), who, name, answers(qa=1 if is_bad else 3))
    return Campaign.objects.get()


def people(count: int) -> list[Reviewer]:
    return [Reviewer.objects.create(public_id=f"anon_{number}") for number in range(1, count + 1)]


def record(name: str) -> ReviewerMeasure:
    return ReviewerMeasure.objects.get(participation__reviewer__public_id=name)


def test_nothing_is_measured_before_there_are_reviews(campaign):
    assert not is_due(campaign)
    found = quality_of(campaign)
    assert (found.measured_at, found.reviews, found.is_stale) == (None, 0, False)
    assert found.alpha == found.agreement == {"tg": None, "sg": None, "qa": None}
    assert measure(campaign).alpha == {"tg": None, "sg": None, "qa": None}


def test_agreement_of_each_question(reviewed):
    measure(reviewed)
    found = quality_of(reviewed)
    # Half of the pairs are two of the three who agree.
    assert found.agreement == {"tg": 1, "sg": 1, "qa": 0.5}
    assert (found.alpha["tg"], found.alpha["qa"] < 0.1) == (None, True)
    assert (found.reviews, found.is_stale) == (24, False)


def test_the_one_who_says_the_opposite_stands_out(reviewed):
    measure(reviewed)
    assert record("anon_1").agreement == round((1 + 1 + 2 / 3) / 3, 4)
    assert record("anon_4").agreement == round(2 / 3, 4)
    assert record("anon_4").accuracy < record("anon_1").accuracy
    by_accuracy = reviewers_of(reviewed, "accuracy")
    assert by_accuracy[0].reviewer.public_id == "anon_4"


def test_the_estimate_knows_better_than_the_medians(reviewed, house):
    """Two reviews of an item, by one who is usually right and by the one who says the opposite: the lower
    median is delete."""
    measure(reviewed)
    import_items(reviewed, BytesIO(lines("new")))
    who = {found.public_id: found for found in Reviewer.objects.all()}
    submit(reviewed, who["anon_1"], "new", answers())
    submit(reviewed, who["anon_4"], "new", answers(qa=1))
    item = Item.objects.get(anno_id="new")
    assert (item.outcome, item.probable) == ("delete", "keep")


def test_a_review_whose_time_is_not_known_is_not_fast(reviewed):
    """They were sent without a claim of their own."""
    measure(reviewed)
    assert (record("anon_1").median_seconds, record("anon_1").speeds) == (None, False)


def test_measuring_again_changes_nothing(reviewed):
    measure(reviewed)
    before = list(ReviewerMeasure.objects.order_by("pk").values())
    items = list(Item.objects.order_by("pk").values())
    measure(reviewed)
    assert list(Item.objects.order_by("pk").values()) == items
    after = list(ReviewerMeasure.objects.order_by("pk").values())
    assert [row | {"rates": None, "accuracy": None} for row in after] == [
        row | {"rates": None, "accuracy": None} for row in before
    ]


def test_a_known_answer_counts_as_certain(reviewed):
    Item.objects.filter(anno_id="item-0").update(known={"qa": 3})
    measure(reviewed)
    assert (record("anon_4").known_right, record("anon_4").known_asked) == (1, 1)
    assert (record("anon_1").known_right, record("anon_1").known_asked) == (0, 1)
    item = Item.objects.get(anno_id="item-0")
    assert (item.outcome, item.probable) == ("delete", "keep")


def test_who_is_blocked_keeps_their_record_and_counts_for_nothing(reviewed, house):
    measure(reviewed)
    campaigns.block(reviewed, Reviewer.objects.get(public_id="anon_4"), actor=house.lead)
    assert quality_of(reviewed).is_stale
    measure(reviewed)
    assert quality_of(reviewed).agreement == {"tg": 1, "sg": 1, "qa": 1}
    assert record("anon_4").reviews == 6


def test_campaigns_are_measured_when_something_is_new(reviewed):
    assert measure_due() == 1
    assert measure_due() == 0
    submit(reviewed, reviewer(), "a", answers())
    assert not is_due(reviewed)  # measured a moment ago
    Measurement.objects.update(measured_at=timezone.now() - timedelta(minutes=2))
    assert is_due(reviewed)
    Measurement.objects.update(seconds=30)
    assert not is_due(reviewed)  # a large campaign rests for longer
    Measurement.objects.update(measured_at=timezone.now() - timedelta(minutes=11))
    assert measure_due() == 1


def test_a_campaign_that_cannot_be_measured_keeps_no_other_back(reviewed, house):
    other = Campaign.objects.create(project=house.project, slug="other", title="Other", created_by=house.lead)
    import_items(other, BytesIO(lines("a")))
    review_next(other, reviewer())
    other.submissions.update(answers={"tg": {"score": 9}})
    assert measure_due() == 1
    assert quality_of(reviewed).reviews == 24


def test_one_process_measures_a_campaign_at_a_time(reviewed):
    Measurement.objects.create(campaign=reviewed, started_at=timezone.now())
    assert measure(reviewed) is None
    Measurement.objects.update(started_at=timezone.now() - timedelta(hours=1))  # its worker has died
    assert measure(reviewed).reviews == 24


def test_the_score_table_counts_by_question(reviewed):
    found = {row.key: (row.counts, row.total, row.mean) for row in score_table(reviewed)}
    qa = {1: 3 * 2 + 4, 2: 0, 3: 3 * 4 + 2}
    assert found == {
        "tg": ({1: 0, 2: 0, 3: 24}, 24, 3.0),
        "sg": ({1: 0, 2: 0, 3: 24}, 24, 3.0),
        "qa": (qa, 24, 2.17),
    }
    assert score_table(reviewed)[0].title == {"en": "When", "zh": "时间"}


def test_items_are_ordered_by_disagreement_and_by_certainty(campaign):
    for who, scores in ((1, {}), (2, {"qa": 1})):
        someone = Reviewer.objects.create(public_id=f"anon_{who}")
        submit(campaign, someone, "b", answers(**scores))
        submit(campaign, someone, "c", answers())
    assert [item.anno_id for item in items_by_disagreement(campaign)] == ["b", "c", "a"]
    assert [item.anno_id for item in items_ordered(campaign, "certainty")] == ["b", "c", "a"]
    assert [item.anno_id for item in items_ordered(campaign, "position")] == ["a", "b", "c"]


def test_flagged_are_those_who_speed_and_are_not_blocked(reviewed, house):
    measure(reviewed)
    ReviewerMeasure.objects.filter(participation__reviewer__public_id__in=["anon_1", "anon_2"]).update(
        speeds=True
    )
    campaigns.block(reviewed, Reviewer.objects.get(public_id="anon_1"), actor=house.lead)
    assert [found.reviewer.public_id for found in flagged(reviewed)] == ["anon_2"]


def test_somebody_new_has_no_record_yet(campaign):
    review_next(campaign, reviewer())
    (found,) = reviewers_of(campaign)
    assert not hasattr(found, "measure")


def test_what_pages_read_takes_the_same_statements_for_one_item_and_many(reviewed):
    measure(reviewed)

    def statements(limit: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            quality_of(reviewed), score_table(reviewed)
            list(items_by_disagreement(reviewed)[:limit])
            for participation in reviewers_of(reviewed)[:limit]:
                assert participation.measure.reviews and participation.reviewer.public_id
        return len(found)

    assert statements(1) == statements(4) == 5


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_thousand_items_with_five_reviews_each(campaign):
    """Stored by COPY, as they would be after a campaign; measured within a minute, read within a moment."""
    from crowd.models import Slot, Source, Status, Submission
    from tasks.sql import copy_rows, next_ids

    Slot.objects.all().delete()
    Item.objects.all().delete()
    items = [
        Item(id=pk, campaign=campaign, anno_id=f"n{pk}", position=pk, line={}, counted=5)
        for pk in next_ids(Item, 10_000)
    ]
    copy_rows(items)
    crowd = people(200)
    Participation.objects.bulk_create(
        [Participation(campaign=campaign, reviewer=who, counted=250) for who in crowd]
    )
    pks = iter(next_ids(Submission, 50_000))
    copy_rows(
        [
            Submission(
                id=next(pks),
                campaign=campaign,
                item=item,
                reviewer=crowd[(place * 7 + n * 13) % 200],
                status=Status.COUNTED,
                answers=answers(qa=1 if (place + n) % 9 == 0 else 3).by_question,
                ms=1,
                seconds=20,
                source=Source.WEB,
            )
            for place, item in enumerate(items)
            for n in range(5)
        ]
    )
    timings = {}
    for name, work in {
        "measure": lambda: measure(campaign),
        "again": lambda: measure(campaign),
        "score_table": lambda: score_table(campaign),
        "items": lambda: list(items_by_disagreement(campaign)[:50]),
        "last page": lambda: list(items_by_disagreement(campaign)[9950:]),
        "reviewers": lambda: list(reviewers_of(campaign, "agreement")[:50]),
    }.items():
        began = monotonic()
        work()
        timings[name] = round(monotonic() - began, 3)
    print(timings)
    assert max(timings["measure"], timings["again"]) < 60, timings
    assert max(timings[name] for name in ("score_table", "items", "last page", "reviewers")) < 1, timings
