import re

import pytest
from django.test import Client

from crowd.identities import COOKIE
from crowd.models import Campaign, Reviewer, Submission

pytestmark = pytest.mark.django_db

GOOD = {f"{key}_score": "3" for key in ("tg", "sg", "qa")}


def shown(page) -> str:
    return re.search(r'name="anno_id" value="([^"]+)"', page.content.decode())[1]


def test_the_first_visit_gives_an_identity_and_an_item(campaign):
    client = Client()
    page = client.get("/c/kettles/review")
    assert page.status_code == 200
    assert shown(page) in "abc"
    cookie = page.cookies[COOKIE]
    assert (cookie["httponly"], cookie["max-age"]) == (True, 180 * 24 * 3600)
    assert Reviewer.objects.get().public_id not in cookie.value
    assert shown(client.get("/c/kettles/review")) == shown(page)


def test_a_review_is_sent_and_the_next_item_shown(campaign):
    client = Client()
    first = shown(client.get("/c/kettles/review"))
    page = client.post("/c/kettles/review/submit", GOOD | {"anno_id": first}, follow=True)
    assert page.redirect_chain == [("/c/kettles/review?did=saved", 302)]
    assert shown(page) != first
    (sent,) = Submission.objects.all()
    assert sent.answers["tg"] == {"score": 3, "ref_type": ""}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"tg_score": "4"}, "Please give a score from 1 to 3"),
        ({"qa_score": ""}, "Please give a score from 1 to 3"),
        ({"sg_score": "2", "comment": "  bad "}, "Please say in at least 5 characters"),
        ({"qa_score": "1", "comment": ""}, "请用至少 5 个字说明问题"),
    ],
)
def test_what_is_wrong_is_said_and_the_form_comes_back_filled(campaign, changed, sentence):
    client = Client()
    item = shown(client.get("/c/kettles/review"))
    sent = GOOD | {"anno_id": item, "comment": "the box is off", "tg_ref_type": "audio"} | changed
    page = client.post("/c/kettles/review/submit", sent)
    assert page.status_code == 400
    assert sentence in page.content.decode()
    assert shown(page) == item
    assert "<option selected>audio</option>" in page.content.decode()
    assert Submission.objects.count() == 0


def test_an_unknown_item_is_400(campaign):
    client = Client()
    client.get("/c/kettles/review")
    assert client.post("/c/kettles/review/submit", GOOD | {"anno_id": "nobody"}).status_code == 400


def test_other_answers_in_a_second_tab_are_kept_and_can_replace(campaign):
    client = Client()
    sent = GOOD | {"anno_id": shown(client.get("/c/kettles/review"))}
    client.post("/c/kettles/review/submit", sent)
    other = sent | {"tg_score": "1", "comment": "starts too early"}
    page = client.post("/c/kettles/review/submit", other)
    assert page.status_code == 409
    assert "starts too early" in page.content.decode()
    assert client.post("/c/kettles/review/submit", other | {"replace": "1"}).status_code == 302
    assert Submission.objects.filter(status="counted").get().comment == "starts too early"


@pytest.mark.parametrize("cookie", ["", "forged", "anon_x7Qd2-_k"])
def test_without_a_valid_cookie_what_was_written_is_kept(campaign, cookie):
    client = Client()
    if cookie:
        client.cookies[COOKIE] = cookie
    page = client.post("/c/kettles/review/submit", GOOD | {"anno_id": "a", "comment": "typed for long"})
    assert page.status_code == 403
    assert "typed for long" in page.content.decode()


def test_a_form_without_its_token_is_refused(campaign):
    client = Client(enforce_csrf_checks=True)
    item = shown(client.get("/c/kettles/review"))
    assert client.post("/c/kettles/review/submit", GOOD | {"anno_id": item}).status_code == 403
    assert Submission.objects.count() == 0


def test_the_default_campaign_has_short_addresses(campaign):
    assert Client().get("/review").status_code == 404
    assert Client().get("/").status_code == 200
    Campaign.objects.update(is_default=True)
    assert Client().get("/").url == "/review"
    assert Client().get("/healthz").json() == {"ok": True, "annos": 3}
    assert Client().get("/stats").json() == {
        "annos_total": 3,
        "annos_fully_done": 0,
        "reviews_total": 0,
        "unique_reviewers": 0,
        "target_per_anno": 3,
    }


def test_an_address_makes_twenty_identities_an_hour(campaign, settings):
    answers = [Client().get("/c/kettles/review").status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]


def test_hostile_labels_are_escaped(campaign):
    frame = {"image": "kf/1.jpg", "width": 10, "height": 10, "boxes": [[1, 2, 3, 4]]}
    frame["boxes"] = [{"x": 1, "y": 2, "w": 3, "h": 4, "label": "</title><script>alert(1)</script>"}]
    campaign.items.update(line={"anno_id": "a", "keyframes": [frame]})
    page = Client().get("/c/kettles/review").content.decode()
    assert "<script>alert" not in page
    assert "&lt;/title&gt;&lt;script&gt;" in page


def test_the_page_speaks_chinese(campaign):
    page = Client().get("/c/kettles/review", headers={"Accept-Language": "zh-CN,en"}).content.decode()
    assert "提交并查看下一项" in page
