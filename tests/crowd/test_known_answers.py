"""Items whose right scores are known, to see how reviewers do. Reviewers must not find out which they are."""

import json
from io import BytesIO

import pytest
from django.test import Client

from crowd import export
from crowd.importing.importer import import_items
from crowd.measuring import is_due, measure
from crowd.models import Item, ReviewerMeasure
from crowd.submitting import submit

from .factories import answers, lines, reviewer

pytestmark = pytest.mark.django_db

KNOWN = {"tg": 3, "qa": 1}


def imported(campaign, **keys):
    return import_items(campaign, BytesIO(lines("sure", **keys)))


def test_the_right_scores_are_taken_out_of_the_line(campaign):
    imported(campaign, known_scores=KNOWN, meta={"split": "val"})
    item = Item.objects.get(anno_id="sure")
    assert (item.known, item.line) == (KNOWN, {"anno_id": "sure", "meta": {"split": "val"}})


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ([3], "known_scores is not an object"),
        ({"other": 3}, "known_scores.other is not a question of this campaign"),
        ({"tg": 4}, "known_scores.tg is not one of the scores"),
        ({"tg": True}, "known_scores.tg is not one of the scores"),
        ({"tg": "3"}, "known_scores.tg is not one of the scores"),
    ],
)
def test_wrong_ones_are_reported_by_line(campaign, scores, reason):
    report = imported(campaign, known_scores=scores)
    assert (report.created, report.errors) == (0, [{"line": 1, "reason": reason}])


def test_they_can_be_added_changed_and_removed_when_there_are_reviews(campaign):
    imported(campaign)
    submit(campaign, reviewer(), "sure", answers())
    measure(campaign)
    found = []
    for scores in (KNOWN, {"tg": 2}, {"tg": 2}, None):
        report = imported(campaign, known_scores=scores)
        found.append((report.changed, report.unchanged, Item.objects.get(anno_id="sure").known))
    assert found == [(1, 0, KNOWN), (1, 0, {"tg": 2}), (0, 1, {"tg": 2}), (1, 0, None)]
    # Soon: not within a minute of the last time.
    assert not is_due(campaign)


def test_a_file_without_them_leaves_them(campaign):
    imported(campaign, known_scores=KNOWN)
    assert imported(campaign).unchanged == 1
    assert Item.objects.get(anno_id="sure").known == KNOWN


def test_scores_of_reviewers_are_counted_by_question(campaign):
    imported(campaign, known_scores=KNOWN)
    submit(campaign, reviewer(), "sure", answers())
    measure(campaign)
    record = ReviewerMeasure.objects.get()
    assert (record.known_right, record.known_asked) == (1, 2)


def test_neither_the_page_nor_the_export_tells(campaign):
    """The page and the reviews of a known-answer item differ from those of any other by its name only."""
    Item.objects.all().delete()
    imported(campaign, known_scores=KNOWN)
    known_page = Client().get("/c/kettles/review").content.decode()
    Item.objects.update(known=None)
    assert _without_tokens(Client().get("/c/kettles/review").content.decode()) == _without_tokens(known_page)
    Item.objects.update(known=KNOWN)
    submit(campaign, reviewer(), "sure", answers())
    written = [*export.review_lines(campaign), *export.summary_lines(campaign), export.readme(campaign)]
    assert "known" not in "".join(written)
    assert "known" not in json.dumps(Item.objects.get().line)


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line and "nonce" not in line]
