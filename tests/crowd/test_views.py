"""The pages of a campaign, as somebody without an account and without JavaScript meets them."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from crowd import campaigns, claims
from crowd.identities import COOKIE
from crowd.models import Campaign, CampaignState, Reviewer, Skip, Slot, Submission

from .factories import review_next, reviewer
from .pages import GOOD, KEEP, PAGE, SKIP, SUBMIT, shown, text, visitor

pytestmark = pytest.mark.django_db


# --- the way of one review -------------------------------------------------------------------------------


def test_the_first_visit_gives_an_identity_and_an_item(campaign):
    client = Client()
    page = client.get(PAGE)
    assert page.status_code == 200
    assert shown(page) in "abc"
    cookie = page.cookies[COOKIE]
    assert (cookie["httponly"], cookie["max-age"], cookie["samesite"]) == (True, 180 * 24 * 3600, "Lax")
    assert Reviewer.objects.get().public_id not in cookie.value
    assert shown(client.get(PAGE)) == shown(page)


def test_a_review_is_sent_and_the_next_item_shown(campaign):
    client = Client()
    first = shown(client.get(PAGE))
    page = client.post(
        SUBMIT, GOOD | {"anno_id": first, "qa_qa_type": "x", "qa_type": "counting"}, follow=True
    )
    assert page.redirect_chain == [(f"{PAGE}?did=saved", 302)]
    assert shown(page) != first
    assert "Saved. Thank you." in text(page)
    (sent,) = Submission.objects.all()
    assert sent.answers == {
        "tg": {"score": 3, "ref_type": ""},
        "sg": {"score": 3, "ref_type": ""},
        "qa": {"score": 3, "ref_type": "", "qa_type": "counting"},
    }


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        (
            {"tg_score": "4"},
            ("Please give a score from 1 to 3 to every question.", "请为每个问题打 1 到 3 分。"),
        ),
        (
            {"qa_score": ""},
            ("Please give a score from 1 to 3 to every question.", "请为每个问题打 1 到 3 分。"),
        ),
        (
            {"sg_score": "2", "comment": "  bad "},
            ("Please say in at least 5 characters", "请用至少 5 个字说明问题。"),
        ),
        (
            {"qa_score": "1", "comment": ""},
            ("Please say in at least 5 characters", "请用至少 5 个字说明问题。"),
        ),
        ({"tg_ref_type": "x" * 65}, ("This is not one of the tags offered.", "这不是可选的标签。")),
        ({"comment": "x" * 5001}, ("The comment has more than 5000 characters.", "评论超过 5000 个字。")),
        ({"comment": "one\0two"}, ("has a character that cannot be stored", "文字含有无法保存的字符。")),
    ],
)
def test_what_is_wrong_is_said_and_the_form_comes_back_filled(campaign, changed, sentences):
    client = Client()
    item = shown(client.get(PAGE))
    sent = GOOD | {"anno_id": item, "comment": "the box is off", "sg_ref_type": "audio"} | changed
    page = client.post(SUBMIT, sent)
    assert page.status_code == 400
    assert all(sentence in text(page) for sentence in sentences)
    assert shown(page) == item
    assert "<option selected>audio</option>" in text(page)
    assert sent["comment"].strip() in text(page)
    checked = re.findall(r'name="(\w+)_score" value="(\d)" checked', text(page))
    assert dict(checked) == {
        key: sent[f"{key}_score"] for key in ("tg", "sg", "qa") if sent[f"{key}_score"] in ("1", "2", "3")
    }
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("anno_id", ["nobody", "", "a\0", "../../etc/passwd", "x" * 10_000])
def test_an_unknown_item_is_400_and_what_was_written_is_kept(campaign, anno_id):
    client, _ = visitor(campaign)
    page = client.post(SUBMIT, GOOD | {"anno_id": anno_id, "comment": "typed for long"})
    assert page.status_code == 400
    assert "There is no such item. 没有该条目。" in text(page)
    assert "typed for long" in text(page)


def test_other_answers_in_a_second_tab_are_kept_and_can_replace(campaign):
    client = Client()
    sent = GOOD | {"anno_id": shown(client.get(PAGE))}
    client.post(SUBMIT, sent)
    other = sent | {"tg_score": "1", "comment": "starts too early"}
    page = client.post(SUBMIT, other)
    assert page.status_code == 409
    assert re.findall(r'scope="row">(\w+)</th><td><bdi>(.*?)</bdi></td><td><bdi>(.*?)</bdi>', text(page)) == [
        ("When", "3 · Keep", "1 · Delete"),
        ("Comment", "–", "starts too early"),
    ]
    assert Submission.objects.get().comment == ""
    # As the page's form sends it.
    again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(page)))
    assert client.post(SUBMIT, again | {"replace": "1"}).status_code == 302
    assert Submission.objects.filter(status="counted").get().comment == "starts too early"


def test_an_item_is_passed_on_with_a_reason(campaign):
    client, who = visitor(campaign)
    item = shown(client.get(PAGE))
    refused = client.post(SKIP, {"anno_id": item})
    assert (refused.status_code, shown(refused)) == (400, item)
    assert "Please choose one of the reasons. 请选择一个原因。" in text(refused)
    page = client.post(SKIP, {"anno_id": item, "reason": "dead_media"}, follow=True)
    assert page.redirect_chain == [(f"{PAGE}?did=passed_on", 302)]
    assert shown(page) != item
    assert Skip.objects.get(reviewer=who).reason == "dead_media"


def test_the_text_of_a_notice_cannot_be_chosen_by_a_link(campaign):
    assert "not accepted" not in text(Client().get(f"{PAGE}?did=blocked"))


# --- nothing to review -----------------------------------------------------------------------------------


def everything_done(campaign, who):
    for person in [who, reviewer(), reviewer()]:
        for _ in "abc":
            review_next(campaign, person)


def all_of_mine_done(campaign, who):
    for _ in "abc":
        review_next(campaign, who)


def others_hold(campaign, who):
    campaigns.set_target(campaign, 1, actor=campaign.created_by)
    for _ in "abc":
        claims.claim(campaign, reviewer())


def cap(campaign, who):
    Campaign.objects.update(per_person=1)
    review_next(campaign, who)


def state(value):
    return lambda campaign, who: campaigns.set_state(campaign, value, actor=campaign.created_by)


def blocked(campaign, who):
    review_next(campaign, who)
    campaigns.block(campaign, who, actor=campaign.created_by)


@pytest.mark.parametrize(
    ("happens", "reason", "english", "chinese"),
    [
        (everything_done, "all_done", "All items have all their reviews.", "所有条目都已完成评审。"),
        (
            all_of_mine_done,
            "all_you_can",
            "You have reviewed everything you can.",
            "您已完成所有可评审的条目",
        ),
        (others_hold, "others_hold", "Please try again in 15 minutes.", "请 15 分钟后再试。"),
        (cap, "cap_reached", "You have done as many as one person may.", "您已达到每人上限。"),
        (state(CampaignState.PAUSED), "paused", "The campaign is paused.", "活动已暂停"),
        (state(CampaignState.CLOSED), "closed", "The campaign has ended.", "活动已结束。"),
        (
            blocked,
            "blocked",
            "Your reviews are not accepted in this campaign.",
            "您的评审在此活动中不被接受。",
        ),
    ],
)
def test_why_there_is_nothing_to_review(campaign, happens, reason, english, chinese):
    client, who = visitor(campaign)
    happens(campaign, who)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert re.search(r'data-reason="(\w+)">(.*?)<', text(page))[1] == reason
    assert english in text(page)
    assert chinese in text(client.get(f"{PAGE}?lang=zh"))
    assert page.get("Retry-After") == ("900" if reason == "others_hold" else None)
    assert 'name="anno_id"' not in text(page)


@pytest.mark.parametrize("value", [CampaignState.PAUSED, CampaignState.CLOSED])
def test_newcomers_get_no_identity_where_nothing_is_handed_out(campaign, value):
    Campaign.objects.update(state=value)
    assert Client().get(PAGE).status_code == 200
    assert Reviewer.objects.count() == 0


@pytest.mark.parametrize(("value", "status"), [(CampaignState.PAUSED, 302), (CampaignState.CLOSED, 403)])
def test_what_is_in_hand_can_be_sent_while_the_campaign_is_paused(campaign, value, status):
    client, _ = visitor(campaign)
    item = shown(client.get(PAGE))
    Campaign.objects.update(state=value)
    page = client.post(SUBMIT, GOOD | {"anno_id": item, "comment": "typed for long"})
    assert page.status_code == status
    assert status == 302 or "typed for long" in text(page)


# --- short addresses, methods ----------------------------------------------------------------------------


def test_the_default_campaign_has_short_addresses(campaign):
    assert Client().get("/review").status_code == 404
    assert Client().get("/").status_code == 200
    assert Client().get("/healthz").json() == {"ok": True, "annos": 0}
    Campaign.objects.update(is_default=True)
    client = Client()
    assert client.get("/").url == "/review"
    page = client.get("/review")
    assert 'action="/review/submit"' in text(page)
    assert client.post("/review/submit", GOOD | {"anno_id": shown(page)}).url == "/review?did=saved"
    assert client.get("/healthz").json() == {"ok": True, "annos": 3}
    assert client.get("/stats").json() == {
        "annos_total": 3,
        "annos_fully_done": 0,
        "reviews_total": 1,
        "unique_reviewers": 1,
        "target_per_anno": 3,
    }


def test_a_campaign_of_a_deleted_project_is_gone(campaign):
    campaign.project.deleted_at = timezone.now()
    campaign.project.save(update_fields=["deleted_at"])
    assert {Client().get(f"/c/kettles/{rest}").status_code for rest in ("review", "stats", "healthz")} == {
        404
    }


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("head", PAGE, 200),
        ("options", PAGE, 204),
        ("post", PAGE, 405),
        ("put", PAGE, 405),
        ("get", SUBMIT, 302),
        ("head", SUBMIT, 302),
        ("options", SUBMIT, 204),
        ("delete", SUBMIT, 405),
        ("get", SKIP, 302),
        ("get", KEEP, 302),
        ("head", "/c/kettles/stats", 200),
        ("head", "/c/kettles/healthz", 200),
        ("post", "/c/kettles/healthz", 405),
        ("options", "/c/kettles/stats", 405),
    ],
)
def test_other_methods_change_nothing(campaign, method, address, status):
    page = getattr(Client(), method)(address)
    assert page.status_code == status
    assert status not in (204, 405) or page["Allow"]
    assert status != 302 or page.url == PAGE
    assert (Reviewer.objects.count(), Slot.objects.exclude(reviewer=None).count()) == (0, 0)


# --- how long an item is reserved ------------------------------------------------------------------------


def seconds_left() -> float:
    (slot,) = Slot.objects.filter(submission=None, reviewer__isnull=False)
    return (slot.leased_until - timezone.now()).total_seconds()


def test_a_program_that_previews_the_link_reserves_an_item_for_two_minutes(campaign):
    Client().get(PAGE)
    assert 110 < seconds_left() <= 120


def test_who_comes_back_with_the_cookie_has_the_whole_time(campaign):
    client = Client()
    client.get(PAGE)
    client.get(PAGE)
    assert 890 < seconds_left() <= 900


def test_the_page_keeps_its_item_while_somebody_is_at_work(campaign):
    client = Client()
    item = shown(client.get(PAGE))
    assert client.post(KEEP, {"anno_id": item}).status_code == 204
    assert 890 < seconds_left() <= 900
    assert client.post(KEEP, {"anno_id": "nobody"}).status_code == 400


def test_an_item_is_not_kept_for_ever_nor_by_who_does_not_have_it(campaign):
    client, other = Client(), Client()
    item = shown(client.get(PAGE))
    other.get(PAGE)
    Slot.objects.filter(item__anno_id=item).update(claimed_at=F("claimed_at") - timedelta(hours=2))
    assert client.post(KEEP, {"anno_id": item}).status_code == 409
    assert {other.post(KEEP, {"anno_id": name}).status_code for name in "abc"} == {204, 409}
