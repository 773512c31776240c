"""Ids that no page of ours sends: 400 in both languages, what was written is kept, and nothing changes."""

import re
from io import BytesIO

import pytest
from django.test import Client

from crowd import campaigns
from crowd.importing.importer import import_items
from crowd.models import Campaign, CampaignState, Skip, Slot, Submission

from .factories import lines

pytestmark = pytest.mark.django_db

PAGE = "/c/kettles/review"
GOOD = {"tg_score": "3", "sg_score": "3", "qa_score": "3", "comment": "typed for long"}
IDS = {
    "null byte": "a\0",
    "only null bytes": "\0" * 50,
    "empty": "",
    "long": "a" * 10_000,
    "another case": "A",
    "a space after": "a ",
    "a line break after": "a\n",
    "looks the same": "\u0430",  # Cyrillic
    "full width": "\uff41",
    "combining": "a\u0301",
    "right to left": "\u202ea",
    "not a character": "\ufffe",
    "a surrogate": "\udcff",
    "sql": "a' OR '1'='1",
    "sql comment": "a'; DROP TABLE crowd_item; --",
    "like": "%",
    "format": "%(anno_id)s",
    "a path": "../../etc/passwd",
    "markup": "<script>alert(1)</script>",
    "a number": "1",
    "of another campaign": "theirs",
}
ROUTES = {"submit": {}, "skip": {"reason": "unclear"}, "keep": {}}


def changed() -> tuple[int, int, int]:
    return Submission.objects.count(), Skip.objects.count(), Slot.objects.exclude(reviewer=None).count()


@pytest.fixture
def visitor(campaign, house) -> Client:
    """With an item in hand, of a campaign that has a neighbour."""
    other = campaigns.create(house.project, actor=house.lead, title="Others")
    import_items(other, BytesIO(lines("theirs")))
    client = Client()
    client.get(PAGE)
    return client


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", IDS)
def test_an_unknown_id_is_refused(visitor, route, name):
    before = changed()
    sent = GOOD | ROUTES[route] | {"anno_id": IDS[name].encode("utf-8", "surrogatepass")}
    answer = visitor.post(f"{PAGE}/{route}", sent)
    assert (answer.status_code, changed()) == (400, before)
    if route == "submit":
        text = answer.content.decode()
        assert "typed for long" in text
        assert "There is no such item. 没有该条目。" in text
        assert "<script>alert" not in text


def test_more_fields_than_a_form_has_are_ignored(visitor):
    item = re.search(r'name="anno_id" value="([^"]+)"', visitor.get(PAGE).content.decode())[1]
    more = {f"field_{number}": "x" * 100 for number in range(900)}
    assert visitor.post(f"{PAGE}/submit", GOOD | more | {"anno_id": item}).status_code == 302
    assert Submission.objects.get().answers.keys() == {"tg", "sg", "qa"}


@pytest.mark.parametrize("length", [5000, 5001])
def test_a_comment_has_a_limit_and_comes_back_whole(visitor, length):
    item = re.search(r'name="anno_id" value="([^"]+)"', visitor.get(PAGE).content.decode())[1]
    answer = visitor.post(f"{PAGE}/submit", GOOD | {"anno_id": item, "comment": "评" * length})
    assert (answer.status_code, Submission.objects.count()) == ((302, 1) if length == 5000 else (400, 0))
    if length > 5000:
        text = answer.content.decode()
        assert "评" * length in text
        assert "more than 5000 characters. 评论超过 5000 个字" in text


def test_a_closed_campaign_takes_nothing_but_says_that_a_repeat_was_stored(visitor):
    item = re.search(r'name="anno_id" value="([^"]+)"', visitor.get(PAGE).content.decode())[1]
    sent = GOOD | {"anno_id": item}
    assert visitor.post(f"{PAGE}/submit", sent).status_code == 302
    Campaign.objects.update(state=CampaignState.CLOSED)
    assert visitor.post(f"{PAGE}/submit", sent).status_code == 302
    other = Client()
    other.get(PAGE)
    refused = visitor.post(f"{PAGE}/submit", sent | {"anno_id": {"a", "b", "c"}.difference(item).pop()})
    assert refused.status_code == 403
    assert "This campaign has ended. 此活动已结束。" in refused.content.decode()
    assert "typed for long" in refused.content.decode()
    assert Submission.objects.count() == 1
