"""Who may come, who somebody is, and what they keep when something is in the way."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from crowd import campaigns
from crowd.identities import COOKIE
from crowd.models import Campaign, Participation, Reviewer, Skip, Submission
from crowd.throttles import ByReviewer
from users.models import LoginTry

from .pages import GOOD, KEEP, OURS, PAGE, SKIP, SUBMIT, shown, text, visitor

pytestmark = pytest.mark.django_db


# --- the link --------------------------------------------------------------------------------------------


@pytest.fixture
def key(campaign) -> str:
    return campaigns.renew_link(campaign, actor=campaign.created_by).link_key


@pytest.mark.parametrize("query", ["", "?key=", "?key=wrong", "?key=%00", f"?key={'x' * 5000}", "?key=ключ"])
def test_without_the_link_nobody_gets_in(campaign, key, query):
    page = Client().get(PAGE + query)
    assert page.status_code == 403
    assert "This link is no longer valid" in text(page)
    assert Reviewer.objects.count() == 0


@pytest.mark.parametrize("query", ["?key=whatever", "?key=%00", f"?key={'x' * 5000}"])
def test_a_key_that_nobody_asked_for_does_not_matter(campaign, query):
    assert Client().get(PAGE + query).status_code == 200
    assert Participation.objects.get().link_key == ""


def test_who_came_with_the_link_comes_back_without_until_it_is_renewed(campaign, key):
    client = Client()
    item = shown(client.get(f"{PAGE}?key={key}"))
    assert client.get(PAGE).status_code == 200
    campaigns.renew_link(campaign, actor=campaign.created_by)
    page = client.post(SUBMIT, GOOD | {"anno_id": item, "comment": "typed for long"})
    assert page.status_code == 403
    assert "typed for long" in text(page)
    assert Submission.objects.count() == 0


def test_after_a_link_has_expired_only_what_is_in_hand_is_taken(campaign):
    client, _ = visitor(campaign)
    item = shown(client.get(PAGE))
    Campaign.objects.update(link_expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(PAGE).status_code == 410
    assert client.post(SUBMIT, GOOD | {"anno_id": item}).status_code == 302
    page = client.get(PAGE)
    assert (page.status_code, "链接已过期" in text(client.get(f"{PAGE}?lang=zh"))) == (410, True)


# --- who it is -------------------------------------------------------------------------------------------


def test_an_address_makes_twenty_identities_an_hour(campaign, settings):
    answers = [Client().get(PAGE) for _ in range(21)]
    assert [page.status_code for page in answers] == [200] * 20 + [429]
    assert 3500 < int(answers[-1]["Retry-After"]) <= 3600
    assert "该地址在一小时内的新评审者过多" in text(answers[-1])
    assert Reviewer.objects.count() == 20
    LoginTry.objects.update(until=timezone.now() - timedelta(hours=1))
    assert Client().get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}, 200),
        ({"REMOTE_ADDR": "2001:db8::5"}, {"REMOTE_ADDR": "2001:db8::6"}, 429),
        ({"REMOTE_ADDR": "2001:db8::5"}, {"REMOTE_ADDR": "2001:db8:0:1::5"}, 200),
        # Behind a proxy of ours; and what somebody else claims about that.
        ({"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.8"}, 200),
        (
            {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 203.0.113.7"},
            {"HTTP_X_FORWARDED_FOR": "2.2.2.2, 203.0.113.7"},
            429,
        ),
        (
            {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "1.1.1.1"},
            {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "2.2.2.2"},
            429,
        ),
    ],
)
def test_identities_are_counted_by_the_address_of_the_client(campaign, settings, first, second, status):
    settings.CROWD_IDENTITIES_PER_HOUR = 1
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert Client().get(PAGE, **first).status_code == 200
    assert Client().get(PAGE, **second).status_code == status


def test_no_address_is_stored(campaign):
    Client().get(PAGE, REMOTE_ADDR="203.0.113.7")
    assert "203.0.113.7" not in str([*Reviewer.objects.values(), *LoginTry.objects.values()])


def test_sending_too_fast_is_429_and_keeps_what_was_written(campaign, monkeypatch):
    cache.clear()
    monkeypatch.setattr(ByReviewer, "rate", "1/minute", raising=False)
    client, _ = visitor(campaign)
    sent = GOOD | {"anno_id": shown(client.get(PAGE)), "comment": "typed for long"}
    assert client.post(SUBMIT, sent).status_code == 302
    page = client.post(SUBMIT, sent)
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 60
    assert "typed for long" in text(page)
    assert f'<form method="post" action="{SUBMIT}"' in text(page)


# --- without cookies, without token, without database ----------------------------------------------------


def test_blocked_cookies_end_on_a_page_that_says_so_and_keeps_the_text(campaign):
    sent = GOOD | {"anno_id": "a", "tg_score": "1", "comment": "typed for long"}
    for _ in range(3):
        page = Client().post(SUBMIT, sent, headers=OURS, follow=True)
        assert (page.status_code, page.redirect_chain) == (403, [])
        assert "cookies are blocked or have expired" in text(page)
        assert "Cookie 被阻止" in text(Client().post(f"{SUBMIT}?lang=zh", sent))
        assert all(words in text(page) for words in ("1 · Delete", "typed for long"))


def test_a_lost_cookie_costs_one_more_click(campaign):
    client = Client(enforce_csrf_checks=True)
    page = client.post(SUBMIT, GOOD | {"anno_id": "a", "comment": "typed for long"}, headers=OURS)
    assert page.status_code == 403
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(page)))
    assert client.post(SUBMIT, form, headers=OURS).status_code == 302
    assert Submission.objects.get().comment == "typed for long"


def test_a_page_that_only_keeps_its_item_uses_up_no_identity(campaign):
    assert Client().post(KEEP, {"anno_id": "a"}, headers=OURS).status_code == 403
    assert Reviewer.objects.count() == 0


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null"])
def test_a_foreign_form_neither_takes_an_identity_away_nor_is_offered_again(campaign, origin):
    page = Client(enforce_csrf_checks=True).post(SUBMIT, GOOD | {"anno_id": "a"}, headers={"Origin": origin})
    assert page.status_code == 403
    assert COOKIE not in page.cookies
    assert "<form" not in text(page)
    assert Reviewer.objects.count() == 0


@pytest.mark.parametrize("address", [SUBMIT, SKIP, KEEP])
def test_a_form_without_its_token_is_refused(campaign, address):
    client = Client(enforce_csrf_checks=True)
    item = shown(client.get(PAGE))
    page = client.post(address, GOOD | {"anno_id": item, "reason": "unclear", "comment": "typed for long"})
    assert page.status_code == 403
    assert "typed for long" in text(page)
    assert (Submission.objects.count(), Skip.objects.count()) == (0, 0)


def test_a_database_that_does_not_answer_loses_no_text(campaign, monkeypatch):
    client, _ = visitor(campaign)

    def gone(*args, **kwargs):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr("crowd.views.submit", gone)
    page = client.post(SUBMIT, GOOD | {"anno_id": "a", "comment": "typed for long"})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(page)))
    assert form.pop("csrfmiddlewaretoken")
    assert form == GOOD | {"anno_id": "a", "comment": "typed for long"}
    monkeypatch.setattr("crowd.visits.campaign_of", gone)
    page = client.get(PAGE)
    assert (page.status_code, "The site is busy" in text(page)) == (503, True)


# --- languages -------------------------------------------------------------------------------------------


def test_the_page_speaks_the_language_of_the_browser_or_the_one_that_was_chosen(campaign):
    client = Client()
    chinese = {"Accept-Language": "zh-CN,en"}
    assert "提交并查看下一项" in text(client.get(PAGE, headers=chinese))
    assert "Send and show the next" in text(client.get(f"{PAGE}?lang=en", headers=chinese))
    assert "Send and show the next" in text(client.get(PAGE, headers=chinese))
    assert client.get(f"{PAGE}?lang=%00", headers=chinese).status_code == 200


def test_the_notice_is_on_the_page_and_not_in_front_of_the_form(campaign):
    Campaign.objects.update(notice="People in their homes.\n<b>Nothing</b> violent.")
    page = text(Client().get(PAGE))
    assert "<details><summary>About the content</summary><p>People in their homes.<br>&lt;b&gt;" in page
    assert 'id="scores"' in page
