"""The demo's campaign: items whose images and videos are there, and reviews as people send them."""

import json
import struct

import pytest
from django.test import Client
from PIL import Image, ImageChops, ImageDraw

from crowd import jobs, media, showing
from crowd.importing.lines import Box
from crowd.models import Campaign, Item, Status, Submission
from crowd.texts import words
from devserver.demo import draw_scenes, load


@pytest.fixture
def kitchen(settings, tmp_path, db) -> Campaign:
    settings.DEMO, settings.DATA_DIR, settings.BASE_URL = True, tmp_path, "http://localhost:8123"
    settings.MEDIA_ROOT = tmp_path / "media"
    load.load_demo()
    return Campaign.objects.get(slug="kitchen")


def test_it_is_the_campaign_of_the_site_with_a_pilot_done_and_the_rest_open(kitchen, tmp_path):
    stats = {"annos_total": 30, "annos_fully_done": 12, "reviews_total": 41, "unique_reviewers": 4}
    short = {page: f"http://localhost:8123/{page}" for page in ("review", "stats", "healthz")}

    load.load_demo()  # a second start
    load.write_demo_file()

    assert json.loads((tmp_path / "demo.json").read_text())["campaign"] == {"slug": "kitchen"} | short
    assert Client().get("/stats").json() == stats | {"target_per_anno": 3}
    assert Client().get("/").url == "/review"
    assert set(Submission.objects.values_list("status", flat=True)) == {Status.COUNTED}
    whole, pilot = [job.report for job in jobs.jobs_of(kitchen)]
    assert (pilot["created"], pilot["bad_lines"]) == (12, 0)
    assert (whole["created"], whole["unchanged"], whole["bad_lines"]) == (18, 12, 5)
    assert [error["line"] for error in whole["errors"]] == [14, 21, 26, 27, 35]


def test_one_of_its_reviewers_does_not_look_and_the_others_differ(kitchen):
    scores: dict[bool, set[int]] = {True: set(), False: set()}
    for submission in Submission.objects.filter(campaign=kitchen):
        assert submission.seconds is not None
        given = {answer["score"] for answer in submission.answers.values()}
        scores[submission.seconds < kitchen.min_seconds] |= given

    assert scores == {True: {3}, False: {1, 2, 3}}


def test_everything_its_items_refer_to_is_there_and_as_large_as_they_say(kitchen):
    found = []
    for item in Item.objects.filter(campaign=kitchen):
        shown = showing.content(item, kitchen)
        for address in shown.content.addresses:
            url = showing.media_url(kitchen, address)
            found.append(media.find(kitchen, url.removeprefix("/c/kitchen/media/")))
        for frame in showing.frames_of(shown, kitchen, words("en")):
            file = media.find(kitchen, frame.url.removeprefix("/c/kitchen/media/"))
            assert file
            with file.open() as content, Image.open(content) as image:
                assert frame.view_box == f"0 0 {image.width} {image.height}"

    assert (len(found), None in found) == (30 + 59 + 88, False)


@pytest.mark.parametrize("name", sorted(draw_scenes.OBJECTS.keys() - {"arm"}))
def test_an_object_fills_its_box(name):
    image = Image.new("RGB", (300, 300), "white")
    draw_scenes._draw(ImageDraw.Draw(image), name, Box(50, 60, 120, 180, ""), skin="black")

    drawn = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()

    assert drawn and all(abs(a - b) <= 1 for a, b in zip(drawn, (50, 60, 171, 241), strict=True))


def test_each_item_has_a_small_video_that_can_be_seeked_and_covers_its_window():
    for scene in draw_scenes.scenes():
        content = (draw_scenes.VIDEOS / f"{scene.number:03}.mp4").read_bytes()
        assert len(content) < 13_000
        assert content.index(b"moov") < content.index(b"mdat")
        scale, duration = struct.unpack_from(">II", content, content.index(b"mvhd") + 16)
        assert duration / scale >= (scene.content.video_end or scene.end)
