"""Somebody else's transaction holds what a public page needs: 503 in time, with what was written, and nothing
half done."""

import contextlib
import re
import time

import psycopg
import pytest
from django.db import connection
from django.test import Client

from crowd import drift
from crowd.models import CampaignCount, Slot, Submission
from reviewsite.postgresql.base import DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/c/kettles/review"
HELD = ["crowd_participation", "crowd_item", "crowd_slot", "crowd_campaigncount", "crowd_campaign"]
LANGUAGES = {"en": "Nothing you wrote is lost", "zh": "您写的内容没有丢失"}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "lock_timeout_ms", 300)
    connection.close()
    yield
    connection.close()


@contextlib.contextmanager
def holding(table: str):
    options = connection.get_connection_params() | {"cursor_factory": None, "options": ""}
    with psycopg.connect(**options) as other:
        other.execute(f"SELECT 1 FROM {table} FOR UPDATE")
        yield
        other.rollback()


@pytest.fixture
def in_hand(campaign) -> tuple[Client, dict[str, str]]:
    """Somebody, and the form of their item as they have filled it in. They have reviewed one before."""
    shards = range(CampaignCount.SHARDS)
    CampaignCount.objects.bulk_create(
        [CampaignCount(campaign=campaign, shard=shard) for shard in shards], ignore_conflicts=True
    )
    client = Client()
    for _ in range(2):
        item = re.search(r'name="anno_id" value="([^"]+)"', client.get(PAGE).content.decode())[1]
        sent = {f"{key}_score": "3" for key in ("tg", "sg", "qa")} | {"anno_id": item, "comment": "long text"}
        if not Submission.objects.exists():
            client.post(f"{PAGE}/submit", sent)
    return client, sent


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", HELD)
def test_a_review_is_answered_in_time_and_can_be_sent_again(in_hand, campaign, impatient, table, language):
    client, sent = in_hand
    with holding(table):
        began = time.monotonic()
        answer = client.post(f"{PAGE}/submit", sent, headers={"Accept-Language": language})
        assert time.monotonic() - began < 2
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
        assert "long text" in answer.content.decode()
        assert LANGUAGES[language] in answer.content.decode()
        assert Submission.objects.count() == 1
    assert client.post(f"{PAGE}/submit", sent).status_code == 302
    assert (Submission.objects.count(), drift.find(campaign.project)) == (2, [])


@pytest.mark.parametrize("table", HELD)
def test_a_visit_is_answered_in_time(in_hand, campaign, impatient, table):
    client, sent = in_hand
    with holding(table):
        began = time.monotonic()
        answer = client.get(PAGE)
        assert time.monotonic() - began < 2
        assert answer.status_code in (200, 503)
    held = Slot.objects.exclude(reviewer=None).filter(submission=None)
    assert [slot.item.anno_id for slot in held] == [sent["anno_id"]]
