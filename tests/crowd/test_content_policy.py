"""The Content-Security-Policy of a campaign's pages, and who may show them in a frame."""

import importlib

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from crowd.content_policy import MAX_SOURCES, origin_of
from crowd.identities import COOKIE
from crowd.models import Campaign

pytestmark = pytest.mark.django_db

PAGE = "/c/kettles/review"


def policy(page) -> dict[str, list[str]]:
    parts = [part.split() for part in page["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://example.org/a.png", "https://example.org"),
        ("https://EXAMPLE.org:8443/a.png?x#y", "https://example.org:8443"),
        ("http://10.0.0.7/a.png", "http://10.0.0.7"),
        ("https://user:pass@example.org/a.png", "https://example.org"),
        ("https://my_bucket.example.org/a.png", "https://my_bucket.example.org"),
        ("https://bücher.example/a.png", "https://xn--bcher-kva.example"),
        ("refs/a.png", None),
        ("", None),
        ("https://*/a.png", None),
        ("https://*.example.org/a.png", None),
        ("https://a;script-src 'unsafe-inline'/a.png", None),
        ("https://a,b/a.png", None),
        ("https://a\r\nSet-Cookie:x=1/a.png", None),
        ("https://[::1]/a.png", None),
        ("https://example.org:port/a.png", None),
        ("https://example.org:99999/a.png", None),
        (f"https://{'a' * 64}.example.org/", None),
        ("javascript:alert(1)", None),
        (None, None),
        (7, None),
        (["https://example.org"], None),
    ],
)
def test_only_a_plain_origin_gets_into_the_header(address, origin):
    assert origin_of(address) == origin


def test_media_of_an_item_may_load_on_its_campaign_and_nowhere_else(campaign, house):
    Campaign.objects.create(project=house.project, slug="pans", title="Pans", created_by=house.lead)
    line = {
        "video_url": "https://video.example.org/v.mp4",
        "reference_images": ["https://images.example.org/a.png"],
    }
    campaign.items.update(line=line)
    Campaign.objects.filter(pk=campaign.pk).update(media_origins=["https://more.example.org"])
    hosts = [f"https://{name}.example.org" for name in ("video", "images", "more")]
    page = policy(Client().get(PAGE))
    assert page == policy(Client().get("/c/pans/review")) | {
        "img-src": ["'self'", "data:", *hosts],
        "media-src": ["'self'", *hosts],
    }
    assert policy(Client().get("/c/pans/review")) == policy(Client().get("/start/"))


@pytest.mark.parametrize(
    "stored", [None, {}, "https://a.example", [None, {}, 7, "; script-src *", "'unsafe-inline'"]]
)
def test_what_is_stored_wrongly_is_left_out(campaign, stored):
    Campaign.objects.update(media_origins=stored or [])
    assert policy(Client().get(PAGE)) == policy(Client().get("/start/"))


def test_the_header_stays_short_with_the_item_first(campaign):
    campaign.items.update(line={"reference_images": ["https://mine.example.org/a.png"]})
    Campaign.objects.update(media_origins=[f"https://{number}.example.org" for number in range(100)])
    sources = policy(Client().get(PAGE))["media-src"]
    assert (len(sources), sources[1]) == (MAX_SOURCES + 1, "https://mine.example.org")


def test_the_operator_adds_hosts_that_media_are_redirected_to(campaign, settings):
    settings.CROWD_MEDIA_ORIGINS = ["https://*.cdn.example.org"]
    assert policy(Client().get(PAGE))["media-src"] == ["'self'", "https://*.cdn.example.org"]
    settings.CROWD_MEDIA_ORIGINS = ["https://a; script-src *"]
    with pytest.raises(ImproperlyConfigured, match="CROWD_MEDIA_ORIGINS must list origins"):
        Client().get(PAGE)


# --- frames ----------------------------------------------------------------------------------------------


def test_pages_are_not_shown_in_frames_of_others(campaign):
    page = Client().get(PAGE)
    assert (policy(page)["frame-ancestors"], page["X-Frame-Options"]) == (["'self'"], "DENY")


def test_sites_that_may_embed_campaigns_get_cookies_of_their_own(campaign, settings):
    settings.CROWD_EMBED_ORIGINS = ["https://lms.example.org"]
    page = Client().get(f"{PAGE}?lang=zh")
    assert policy(page)["frame-ancestors"] == ["'self'", "https://lms.example.org"]
    assert "X-Frame-Options" not in page
    written = {name: page.cookies[name].OutputString() for name in (COOKIE, "crowd_language", "csrftoken")}
    for cookie in written.values():
        assert {"SameSite=None", "Secure", "Partitioned"} <= set(cookie.split("; "))
    assert "HttpOnly" in written[COOKIE]
    start = Client().get("/start/")
    assert (policy(start)["frame-ancestors"], start["X-Frame-Options"]) == (["'self'"], "DENY")


def test_a_review_can_be_sent_with_cookies_of_a_frame(campaign, settings):
    settings.CROWD_EMBED_ORIGINS = ["https://lms.example.org"]
    client = Client(enforce_csrf_checks=True)
    page = client.get(PAGE)
    scores = {f"{key}_score": "3" for key in ("tg", "sg", "qa")}
    token = {"csrfmiddlewaretoken": page.context["csrf_token"], "anno_id": page.context["item"].anno_id}
    assert client.post(f"{PAGE}/submit", scores | token).status_code == 302


def test_embedding_needs_https(monkeypatch):
    from reviewsite import settings

    monkeypatch.setenv("CROWD_EMBED_ORIGINS", "https://lms.example.org")
    monkeypatch.setenv("SECRET_KEY", "long and random")
    with pytest.raises(ImproperlyConfigured, match="needs HTTPS=on"):
        importlib.reload(settings)
    monkeypatch.delenv("CROWD_EMBED_ORIGINS")
    importlib.reload(settings)
