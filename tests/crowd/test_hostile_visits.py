"""What hostile visitors send, and hostile data shows: never a 5xx, nothing unescaped."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from crowd import identities, showing, texts
from crowd.identities import COOKIE, SALT
from crowd.models import Campaign, Item, Reviewer, Submission
from tests.hostile import HUGE, MARKUP, NUMBERS

pytestmark = pytest.mark.django_db

PAGE = "/c/kettles/review"
SUBMIT = f"{PAGE}/submit"
GOOD = {f"{key}_score": "3" for key in ("tg", "sg", "qa")}


# --- cookies ---------------------------------------------------------------------------------------------


def swapped() -> str:
    """The value of one person with the signature of another."""
    (_, mine), (_, theirs) = identities.mint(None), identities.mint(None)
    return ":".join([mine.split(":")[0], *theirs.split(":")[1:]])


def old() -> str:
    with time_machine.travel(timezone.now() - timedelta(days=181)):
        return identities.mint(None)[1]


COOKIES = {
    "forged": lambda: "forged",
    "unsigned": lambda: "anon_x7Qd2-_k",
    "wrong salt": lambda: signing.dumps("secret", salt="sessions"),
    "swapped": swapped,
    "old": old,
    "nobody's": lambda: signing.dumps("secret", salt=SALT),
    "a list": lambda: signing.dumps(["secret"], salt=SALT),
    "an object": lambda: signing.dumps({"secret": None}, salt=SALT),
    "json": lambda: '["a", 1]',
    "null byte": lambda: "a\0b",
    "percent null byte": lambda: "%00",
    "colons": lambda: ":" * 100,
    "long": lambda: "x" * 10_000,
    "not latin": lambda: "秘密".encode().decode("latin-1"),
    "public id": lambda: identities.mint(None)[0].public_id,
}


@pytest.mark.parametrize("name", COOKIES)
def test_a_cookie_that_is_none_of_ours_makes_a_new_person(campaign, name):
    client = Client()
    client.cookies[COOKIE] = cookie = COOKIES[name]()
    before = Reviewer.objects.count()
    page = client.post(SUBMIT, GOOD | {"anno_id": "a", "comment": "typed for long"})
    assert (page.status_code, "typed for long" in page.content.decode()) == (403, True)
    assert (Reviewer.objects.count(), Submission.objects.count()) == (before, 0)
    page = client.get(PAGE)
    assert (page.status_code, Reviewer.objects.count()) == (200, before + 1)
    assert page.cookies[COOKIE].value != cookie


def test_a_cookie_lasts_180_days_from_the_last_visit(campaign):
    client, start = Client(), timezone.now()
    client.get(PAGE)
    for days in (170, 340):
        with time_machine.travel(start + timedelta(days=days)):
            assert client.get(PAGE).status_code == 200
    assert Reviewer.objects.count() == 1


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"anno_id": "a"}', 400),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken", 400),
        ("multipart/form-data", b"", 400),
        ("application/x-www-form-urlencoded", b"anno_id=%ff%fe&tg_score=%00", 400),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 20_001), 400),
        ("application/x-www-form-urlencoded; charset=utf-7", b"anno_id=a", 400),
        ("application/x-www-form-urlencoded", b"comment=" + b"x" * (5 * 2**20 + 1), 413),
        ("text/plain", b"\0", 400),
    ],
)
def test_a_body_that_is_no_form_is_refused(campaign, content_type, body, status):
    client = Client()
    client.get(PAGE)
    assert client.post(SUBMIT, body, content_type=content_type).status_code == status
    assert Submission.objects.count() == 0


# --- what an item shows ----------------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags with their attributes, and the texts between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def page_of(campaign, line) -> str:
    campaign.items.update(line=line)
    response = Client().get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


HOSTILE_TEXTS = [
    "</title><script>alert(1)</script>",
    '" onload="alert(1)',
    "' autofocus onfocus=alert(1) '",
    "]]><svg onload=alert(1)>",
    "{{ campaign.link_key }}{% csrf_token %}",
    "\u202egnp.exe\u2066\u200f",
    MARKUP,
    "x" * 10_000,
]


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_texts_of_an_item_stay_texts(campaign, hostile):
    box = {"x": 1, "y": 2, "w": 3, "h": 4, "label": hostile}
    question = {"question": hostile, "answer": hostile, "options": [hostile], "ref_type": hostile}
    line = {
        "video_url": "https://example.org/v.mp4",
        "keyframes": [{"image": "kf/1.jpg", "width": 10, "height": 10, "boxes": [box]}],
        "reference_images": [{"url": "refs/1.jpg", "caption": hostile}],
        "tg": question, "sg": question, "qa": question | {"answer": [hostile]},
    }  # fmt: skip
    page = Page(page_of(campaign, line))
    clean = Page(page_of(campaign, json.loads(json.dumps(line).replace(json.dumps(hostile)[1:-1], "kettle"))))
    assert [tag for tag, _ in page.tags if tag != "option"] == [
        tag for tag, _ in clean.tags if tag != "option"
    ]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    # Each is in an element that keeps its writing direction to itself.
    assert page.texts.count(hostile.replace("\r\n", "\n")) >= 9 or "\r" in hostile


@pytest.mark.parametrize("anno_id", ['a"><script>alert(1)</script>', "\u202ea", "../../b"])
def test_a_hostile_id_that_got_into_the_database_is_escaped(campaign, anno_id):
    campaign.items.exclude(anno_id="a").delete()
    campaign.items.update(anno_id=anno_id)
    page = Page(Client().get(PAGE).content.decode())
    assert {attrs["value"] for _, attrs in page.tags if attrs.get("name") == "anno_id"} == {anno_id}
    assert [attrs.get("src") for tag, attrs in page.tags if tag == "script"] == [
        "/static/countersign/crowd.js"
    ]


DEEP = json.loads("[" * 60 + "1" + "]" * 60)
ANYTHING = [None, True, 0, -1.5, HUGE, "", "text", MARKUP, [], {}, [None], {"a": {}}, DEEP]
KEYS = [
    "video_url", "video_link", "video_start", "video_end", "fps", "reference_images", "refs", "keyframes",
    "frames", "tg", "sg", "qa", "tg_question", "tg_answer", "qa_options", "qa_qa_type", "meta", "anno_id",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_whatever_a_stored_line_holds_the_rest_is_shown(key):
    campaign, words = Campaign(pk=1, slug="kettles"), texts.words("en")
    for value in ANYTHING:
        shown = showing.content(Item(line={"tg_question": "When?", key: value}), campaign)
        first, *_ = showing.questions_of(shown, campaign, "en", {}, None)
        assert key.startswith("tg") or first.question == "When?"
        showing.video_of(shown, campaign, words)
        showing.references_of(shown, campaign, words)
        showing.legend_of(showing.frames_of(shown, campaign, words))


def test_the_page_shows_what_can_be_shown(campaign):
    assert "cannot be shown" in page_of(campaign, dict(zip(KEYS, ANYTHING * 2, strict=False)))


@pytest.mark.parametrize("line", [True, 7, HUGE, "text", [], [{"anno_id": "a"}], {}, {"": MARKUP}])
def test_a_line_that_is_no_object_can_be_passed_on(campaign, line):
    page = page_of(campaign, line)
    assert "Pass this item on" in page
    assert ("cannot be shown" in page) == (not isinstance(line, dict))


@pytest.mark.parametrize("number", NUMBERS + [[1, HUGE], [1e300, -0.0], [True, 1]], ids=str)
def test_numbers_of_any_size_are_shown(campaign, number):
    box = {"x": number, "y": 1, "w": number, "h": 1}
    frame = {
        "image": "kf/1.jpg",
        "width": number,
        "height": number,
        "t": number,
        "frame": number,
        "boxes": [box],
    }
    numbers = {"video_start": number, "video_end": number, "keyframes": [frame], "tg": {"answer": number}}
    page_of(campaign, json.loads(json.dumps(numbers).replace('"<endless>"', "9" * 5000)))


def test_a_window_that_ends_before_it_starts_is_left_out(campaign):
    page = page_of(campaign, {"video_url": "https://example.org/v.mp4", "video_start": 9, "video_end": 1})
    assert "data-start" not in page
    assert "cannot be shown" in page


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//example.org/a.png",
        "../../etc/passwd",
        "/etc/passwd",
        "https://",
        "https://[::1",
        "\\\\host\\share",
        "a.png?x#y",
    ],
)
def test_no_address_leads_where_it_should_not(campaign, address):
    page = page_of(
        campaign,
        {"video_url": address, "reference_images": [address], "keyframes": [{"image": address, "boxes": []}]},
    )
    assert not re.search(r'(href|src)="(?!/|#|https://example\.org)', page)
    assert "/etc/passwd" not in page
    assert "cannot be shown" in page
