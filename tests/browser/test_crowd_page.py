"""A campaign's page in a browser: boxes, keys, video, without JavaScript, and for assistive technology."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect

from crowd import media
from crowd.importing.importer import import_items
from crowd.models import Campaign, Slot, Submission
from devserver.demo.draw_scenes import VIDEOS

WIDE, PHONE = {"width": 1360, "height": 860}, {"width": 390, "height": 844}
START, END = 2.0, 5.5
PIXELS = [[495, 330, 63, 185], [0, 0, 1280, 720], [867.5, 250.25, 162, 171]]
PARTS = [[0.1, 0.2, 0.3, 0.4], [0.9, 0.95, 0.1, 0.05]]
LINE = {
    "video_url": "v/a.mp4",
    "video_start": START,
    "video_end": END,
    "reference_images": [{"url": "refs/a.png", "caption": "the red kettle"}, "refs/b.png"],
    "keyframes": [
        {"image": "kf/a.png", "width": 1280, "height": 720, "t": 3, "boxes": PIXELS},
        {"image": "kf/b.png", "width": 640, "height": 360, "boxes": PARTS},
        # Of an image whose size is not in the data: 1280 × 720.
        {"image": "kf/c.png", "boxes": [{"x": 10, "y": 20, "w": 300, "h": 400, "label": "hand"}]},
        {"image": "kf/d.png", "boxes": PARTS, "overlaid": True},
    ],
    "tg": {"question": "When does the person lift it?", "answer": [2.5, 4], "ref_type": "video"},
    "sg": {"question": "Where is it?", "answer": "see boxes"},
    "qa": {"question": "How many cups are filled?", "answer": "3", "options": ["2", "3"]},
}
PAGE = "/c/kettles/review"


@pytest.fixture
def campaign(house, settings, tmp_path) -> Campaign:
    """Two items that look alike, with their media."""
    settings.MEDIA_ROOT = tmp_path
    campaign = Campaign.objects.create(
        project=house.project,
        slug="kettles",
        title="Kettles",
        created_by=house.lead,
        target=1,
        notice="Homes.",
    )
    lines = [json.dumps({"anno_id": name} | LINE) for name in ("a", "b")]
    import_items(campaign, BytesIO("\n".join(lines).encode()))
    folder = media.folder(campaign)
    for name in ("kf/a", "kf/b", "kf/c", "kf/d", "refs/a", "refs/b"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (1280, 720), "#cbb").save(folder / f"{name}.png")
    (folder / "v").mkdir()
    shutil.copy(VIDEOS / "000.mp4", folder / "v/a.mp4")
    return campaign


def opened(new_page: Callable[..., Page], **options) -> Page:
    page = new_page(**({"viewport": WIDE} | options))
    page.goto(PAGE)
    return page


def score(page: Page | FrameLocator, *scores: int) -> None:
    """As with a mouse."""
    for key, value in zip(("tg", "sg", "qa"), scores, strict=True):
        page.locator(f".step:has(input[name={key}_score][value='{value}'])").click()


# --- what is shown ---------------------------------------------------------------------------------------

RECTS = """svgs => svgs.map(svg => {
  const rect = element => {
    const {x, y, width, height} = element.getBoundingClientRect();
    return [x, y, width, height];
  };
  const image = svg.parentElement.querySelector("img");
  return {image: rect(image), boxes: [...svg.querySelectorAll("rect")].map(rect)};
})"""


def expected(box: list[float], image: list[float], size: tuple[float, float]) -> list[float]:
    x, y, width, height = image
    across, down = width / size[0], height / size[1]
    return [x + box[0] * across, y + box[1] * down, box[2] * across, box[3] * down]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_boxes_are_where_the_data_says(campaign, new_page, errors, viewport):
    page = opened(new_page, viewport=viewport)
    for image in page.locator(".frame img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
    expect(page.locator(".frame svg[viewBox]")).to_have_count(3)
    frames = page.locator(".frame svg").evaluate_all(RECTS)

    in_data = [(PIXELS, (1280, 720)), (PARTS, (1, 1)), ([[10, 20, 300, 400]], (1280, 720))]
    for (boxes, size), frame in zip(in_data, frames, strict=True):
        assert frame["image"][2] > 250
        assert frame["image"][2] / frame["image"][3] == pytest.approx(16 / 9, abs=0.01)
        for box, drawn in zip(boxes, frame["boxes"], strict=True):
            assert drawn == pytest.approx(expected(box, frame["image"], size), abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert errors == []


SEEK = """(video, t) => new Promise(done => {
  video.onseeked = () => done(video.currentTime);
  video.currentTime = t;
})"""


def test_the_video_plays_its_part_and_seeks_inside_of_it(campaign, new_page, errors):
    page = opened(new_page)
    video = page.locator("video")
    expect(video).to_have_js_property("readyState", 4)
    assert video.evaluate("video => video.currentTime") == pytest.approx(START, abs=0.1)

    assert video.evaluate(SEEK, 3.5) == pytest.approx(3.5, abs=0.1)
    video.evaluate("video => { video.currentTime = 0; }")
    page.wait_for_function(f"Math.abs(document.querySelector('video').currentTime - {START}) < 0.1")
    video.evaluate("video => { video.currentTime = 20; }")
    page.wait_for_function(f"Math.abs(document.querySelector('video').currentTime - {END}) < 0.1")
    video.evaluate(
        f"video => {{ video.muted = true; video.currentTime = {END - 0.4}; return video.play(); }}"
    )
    expect(video).to_have_js_property("paused", True)
    assert END - 0.1 < video.evaluate("video => video.currentTime") < END + 0.5
    video.evaluate("video => video.play()")
    page.wait_for_function(f"document.querySelector('video').currentTime < {END - 1}")
    assert errors == []


def test_images_enlarge_with_their_boxes_and_close_again(campaign, new_page, errors):
    page = opened(new_page)
    link = page.locator(".frame a[data-enlarge]").first
    link.click()
    dialog = page.get_by_role("dialog", name="Frame 1: at 3 s")
    expect(dialog.locator("rect")).to_have_count(3)
    image = dialog.locator("img").bounding_box()
    assert image["width"] > 1.5 * page.locator(".frame img").first.bounding_box()["width"]
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    page.get_by_role("link", name="Enlarge").last.click()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator(".step input:checked").count() == 0
    assert errors == []


# --- how it is answered ----------------------------------------------------------------------------------


def test_a_review_by_keyboard_alone(campaign, new_page, errors):
    page = opened(new_page)
    expect(page.get_by_text("Keys: 1, 2, 3 score the question in focus")).to_be_visible()
    for key in ("3", "2", "3"):
        page.keyboard.press(key)
    expect(page.get_by_label("Comment")).to_be_focused()
    page.keyboard.type("2 boxes are off")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_have_text("Saved. Thank you.")

    # Back to the second question to change it; then nothing is missing, and Enter sends.
    for key in ("3", "3", "1", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
        page.keyboard.press(key)
    page.locator("[name=sg_score][value='3']").focus()
    page.keyboard.press("1")
    expect(page.get_by_label("Comment")).to_be_focused()
    page.locator("[name=qa_score]").first.focus()
    page.keyboard.press("3")
    page.locator("[name=sg_score]").first.focus()
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="Send and show the next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()

    first, second = Submission.objects.order_by("pk")
    assert (first.scores, first.comment) == ({"tg": 3, "sg": 2, "qa": 3}, "2 boxes are off")
    assert second.scores == {"tg": 3, "sg": 3, "qa": 3}
    assert errors == []


def test_a_review_without_javascript(campaign, new_page):
    page = opened(new_page, java_script_enabled=False, viewport=PHONE)
    expect(page.get_by_text("Keys: 1, 2, 3")).to_be_hidden()
    score(page, 3, 1, 3)
    page.get_by_label("Comment").fill("off")
    page.get_by_role("button", name="Send and show the next").click()
    expect(page.get_by_role("alert")).to_contain_text("Please say in at least 5 characters")
    expect(page.get_by_label("Comment")).to_have_value("off")
    expect(page.get_by_label("Comment")).to_be_in_viewport()
    expect(page.locator("[name=sg_score][value='1']")).to_be_checked()

    enlarged = page.request.get(page.locator("a[data-enlarge]").first.get_attribute("href"))
    assert (enlarged.status, enlarged.headers["content-type"]) == (200, "image/png")
    assert page.locator("video").get_attribute("src").endswith(f"#t={START:g},{END:g}")

    page.get_by_label("Comment").fill("the box is off")
    page.get_by_role("button", name="Send and show the next").click()
    expect(page.get_by_role("status")).to_have_text("Saved. Thank you.")
    page.locator("summary", has_text="Pass this item on").click()
    page.get_by_label("I cannot tell").check()
    page.get_by_role("button", name="Pass on").click()
    expect(page.get_by_text("You have reviewed everything you can.")).to_be_visible()
    assert Submission.objects.get().comment == "the box is off"


def test_what_was_typed_survives_a_reload_and_the_item_stays_reserved(campaign, new_page, errors):
    page = new_page(viewport=WIDE)
    with page.expect_response(f"**{PAGE}/keep") as kept:
        page.goto(PAGE)
    assert kept.value.status == 204
    assert Slot.objects.get(reviewer__isnull=False).leased_until > timezone.now() + timedelta(seconds=800)
    score(page, 3, 2, 3)
    page.get_by_label("Comment").fill("typed for long")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_label("评论")).to_have_value("typed for long")
    expect(page.locator("[name=sg_score][value='2']")).to_be_checked()
    assert errors == []


@pytest.fixture
def course(live_server) -> Iterator[str]:
    """The address of a page that has the campaign in a frame. For browsers 127.0.0.1 and localhost are two
    sites."""
    html = f'<!DOCTYPE html><title>Course</title><iframe src="{live_server.url}{PAGE}" width=900></iframe>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_review_in_a_frame_of_another_site(campaign, new_page, errors, course, settings):
    settings.CROWD_EMBED_ORIGINS = [course]
    page = new_page(viewport=WIDE)
    page.goto(course)
    inside = page.frame_locator("iframe")
    score(inside, 3, 3, 3)
    inside.get_by_role("button", name="Send and show the next").click()
    expect(inside.get_by_role("status")).to_have_text("Saved. Thank you.")
    cookies = {cookie["name"]: cookie.get("partitionKey") for cookie in page.context.cookies()}
    assert cookies["crowd_reviewer"] == cookies["csrftoken"] == "http://127.0.0.1"
    assert errors == []


# --- for everybody ---------------------------------------------------------------------------------------


def violations(page: Page) -> list[str]:
    """Everything in light colours; in dark ones what depends on colours."""
    found, everything = [], {"resultTypes": ["violations"]}
    for scheme, options in (("light", everything), ("dark", everything | {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        response = Axe().run(page, options=options).response
        found += [
            f"{scheme}: {broken['id']} at {node['target']}"
            for broken in response["violations"]
            for node in broken["nodes"]
        ]
    return found


def test_axe_finds_nothing(campaign, new_page, shoot):
    page = opened(new_page, viewport=PHONE)
    found = {"item": violations(page)}
    score(page, 3, 2, 3)
    page.get_by_label("Comment").fill("off")
    page.evaluate("document.getElementById('scores').noValidate = true")
    page.get_by_role("button", name="Send and show the next").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["error"] = violations(page)

    other = page.context.new_page()
    other.set_viewport_size(WIDE)
    other.goto(f"{PAGE}?lang=zh")
    found["wide"] = violations(other)
    page.get_by_label("Comment").fill("the box is off")
    page.get_by_role("button", name="Send and show the next").click()
    expect(page.get_by_role("status")).to_be_visible()
    score(other, 3, 3, 3)
    other.locator(".send").click()
    expect(other.get_by_role("heading", name="您已评审过该项")).to_be_visible()
    found["conflict"] = violations(other)
    score(page, 3, 3, 3)
    page.locator(".send").click()
    expect(page.get_by_role("heading", name="谢谢！")).to_be_visible()
    found["nothing"] = violations(page)
    page.context.clear_cookies()
    page.set_content(page.request.post(f"{PAGE}/submit", form={"anno_id": "a", "comment": "kept"}).text())
    found["not sent"] = violations(page)

    assert found == {name: [] for name in ("item", "error", "wide", "conflict", "nothing", "not sent")}
