"""The review screen in a browser: Label Studio's unmodified editor with our queue."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from reviews.models import Comment, QueueEntry, Review
from reviews.queue import leases
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations, tasks
from tests.factories import BOXES, House, annotation, boxes, build_house, result, reviewed, task
from webhooks import outbox

ACCEPT = "[aria-label='accept-annotation']"
STREET = """<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400">
<rect width="600" height="400" fill="#cfe3f1"/>
<rect y="250" width="600" height="150" fill="#777"/>
<path d="M0 325h600" stroke="#eee" stroke-width="6" stroke-dasharray="40 30"/>
<path d="M60 230h40l25-35h80l30 35h25v45H60z" fill="#a4262c"/>
<circle cx="100" cy="275" r="20"/><circle cx="220" cy="275" r="20"/>
<rect x="440" y="160" width="24" height="90" fill="#6b4a2b"/>
<circle cx="452" cy="120" r="62" fill="#2f7d4f"/></svg>"""
PICTURE = "data:image/svg+xml," + quote(STREET)
CAR = {"x": 8.0, "y": 47.0, "width": 30.0, "height": 20.0, "rotation": 0, "rectanglelabels": ["Car"]}
TREE = {"x": 63.0, "y": 13.0, "width": 24.0, "height": 50.0, "rotation": 0, "rectanglelabels": ["Tree"]}


@pytest.fixture
def screen(page_of):
    """screen(house, user): the review screen with the first item shown."""

    def show(house: House, user, query: str = "") -> Page:
        house.project.save()
        page = page_of(user)
        page.goto(f"/projects/{house.project.pk}/review/{query}")
        expect(page.locator(ACCEPT)).to_be_visible()
        return page

    return show


@pytest.fixture
def picture(transactional_db) -> House:
    """A house whose only annotation is two boxes on an image."""
    house = build_house(label_config=BOXES)
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    house.task = task(house.project, image=PICTURE)
    house.annotation = annotation(house.task, house.annotator, result=street(CAR, TREE))
    return house


def street(*values: dict[str, Any]) -> list[dict[str, Any]]:
    return [region | {"value": value} for region, value in zip(boxes("Car", "Tree"), values, strict=True)]


def wait_until(page: Page, happened: Callable[[], Any]) -> Any:
    """Call `happened` until it returns something."""
    for _ in range(100):
        if found := happened():
            return found
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen within ten seconds")


def toast(page: Page, words: str) -> None:
    expect(page.locator("#toast")).to_contain_text(words)


def verdict_on(one: Annotation) -> Review | None:
    return Review.objects.filter(pk=Annotation.objects.get(pk=one.pk).standing_review_id).first()


def test_accept_brings_the_next_item_in_place(screen, house, errors, shoot):
    second = annotation(task(house.project, text="Another letter"), house.annotator2, "B")
    page = screen(house, house.reviewer)
    expect(page.locator("#left")).to_have_text("2 left")
    shoot(page, "review-first")

    page.click(ACCEPT)
    toast(page, "Accepted")

    expect(page.get_by_text("Another letter")).to_be_visible()
    expect(page.locator("#left")).to_have_text("1 left")
    assert verdict_on(house.annotation).verdict == "accepted"

    page.click(ACCEPT)
    expect(page.get_by_role("heading", name="Nothing to review for you")).to_be_visible()
    assert verdict_on(second).verdict == "accepted"
    shoot(page, "review-empty")
    assert errors == []


def test_a_needed_comment_is_refused_then_given_and_pinned_to_a_region(screen, picture, errors, shoot):
    picture.project.require_review_comment_on_reject = True
    picture.project.reject_reasons = [{"code": "loose", "text": "The box is not tight"}]
    page = screen(picture, picture.reviewer)
    page.locator(".lsf-outliner-item__title", has_text="Car").click()

    page.get_by_text("Reject: requeue", exact=True).click()
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.locator("#reject-refusal")).to_contain_text("A comment is required")
    assert Review.objects.count() == 0
    shoot(page, "review-reject")
    page.get_by_label("The box is not tight").check()
    page.locator("#reject-comment").fill("Cut it at the wheels")
    page.get_by_role("button", name="Reject", exact=True).click()

    toast(page, "Rejected, back to the annotator")
    found = verdict_on(picture.annotation)
    assert (found.reject_action, found.reason) == ("requeue", "loose")
    said = Comment.objects.get()
    assert (said.text, said.region_ref) == ("Cut it at the wheels", {"regionId": "box0"})
    assert errors == []


def test_the_servers_refusal_is_shown_where_the_comment_is_written(screen, house, errors):
    page = screen(house, house.reviewer)
    house.project.require_review_comment_on_reject = True
    house.project.save()

    page.get_by_text("Reject: remove", exact=True).click()
    page.locator("#reject-comment").fill("Not sure")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Reject: remove", exact=True).click()

    expect(page.locator("#reject-comment")).to_have_value("Not sure")
    expect(page.locator("#reject-refusal")).to_contain_text(re.compile("comment", re.IGNORECASE))
    page.locator("#reject-comment").fill("No letter at all")
    page.get_by_role("button", name="Reject", exact=True).click()
    toast(page, "Rejected, not sent back")
    assert verdict_on(house.annotation).reject_action == "remove"
    assert errors == []


def test_an_edited_choice_is_a_fix(screen, house, errors):
    page = screen(house, house.reviewer)

    page.get_by_role("checkbox").nth(1).click()
    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")
    page.click(ACCEPT)

    toast(page, "Fixed and accepted")
    assert verdict_on(house.annotation).fixed_version.result[0]["value"]["choices"] == ["B"]
    assert errors == []


def test_a_moved_box_is_a_fix(screen, picture, errors):
    page = screen(picture, picture.reviewer)
    page.locator(".lsf-outliner-item__title", has_text="Car").click()
    canvas = page.locator(".konvajs-content canvas").first.bounding_box()
    x, y = canvas["x"] + canvas["width"] * 0.15, canvas["y"] + canvas["height"] * 0.55

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 60, steps=6)
    page.mouse.up()
    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")
    page.click(ACCEPT)

    toast(page, "Fixed and accepted")
    car, tree = verdict_on(picture.annotation).fixed_version.result
    assert car["value"]["y"] > CAR["y"] and car["value"]["rectanglelabels"] == ["Car"]
    assert tree["value"] == TREE
    assert errors == []


def test_everything_goes_by_keyboard(screen, house, errors, shoot):
    second = annotation(task(house.project, text="Another letter"), house.annotator2, "B")
    page = screen(house, house.reviewer)

    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    shoot(page, "review-help")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+c")
    page.keyboard.type("A neat hand")
    page.keyboard.press("Control+Enter")
    wait_until(page, Comment.objects.exists)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    toast(page, "Accepted")
    expect(page.get_by_text("Another letter")).to_be_visible()
    assert Comment.objects.get().text == "A neat hand"

    page.keyboard.press("Alt+u")
    expect(page.get_by_text("A letter", exact=True)).to_be_visible()
    assert verdict_on(house.annotation) is None
    expect(page.locator("#about")).to_be_hidden()
    page.keyboard.press("Control+Space")
    page.keyboard.type("Read it again")
    page.keyboard.press("Control+Enter")
    toast(page, "Rejected, back to the annotator")
    expect(page.get_by_text("Another letter")).to_be_visible()
    found = verdict_on(house.annotation)
    assert (found.verdict, found.reject_action) == ("rejected", "requeue")

    page.keyboard.press("3")
    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")
    page.keyboard.press("Control+Enter")
    toast(page, "Fixed and accepted")
    assert verdict_on(second).verdict == "fixed_and_accepted"
    assert errors == []


def test_a_lost_connection_loses_nothing(screen, house, errors, shoot):
    page = screen(house, house.reviewer)
    page.locator("textarea[name=comment]").fill("Typed before")
    page.context.set_offline(True)

    page.keyboard.press("Escape")
    page.get_by_text("Reject: requeue", exact=True).click()
    expect(page.locator("[data-notice=connection]")).to_contain_text("kept in this browser")
    shoot(page, "review-offline")
    assert Review.objects.count() == 0
    page.close()
    page.context.set_offline(False)

    again = page.context.new_page()
    again.goto(f"/projects/{house.project.pk}/review/")
    expect(again.get_by_role("heading", name="Nothing to review for you")).to_be_visible()
    assert verdict_on(house.annotation).verdict == "rejected"
    assert [said.text for said in Comment.objects.all()] == ["Typed before"]


def test_typed_words_and_edits_are_there_after_a_reload(screen, house, errors):
    annotation(task(house.project, text="Another letter"), house.annotator2, "B")
    page = screen(house, house.reviewer)
    page.locator("textarea[name=comment]").fill("Half a thought")
    page.get_by_role("checkbox").nth(1).click()

    page.reload()

    expect(page.locator(ACCEPT)).to_be_visible()
    expect(page.locator("textarea[name=comment]")).to_have_value("Half a thought")
    expect(page.get_by_text("A letter", exact=True)).to_be_visible()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")
    assert errors == []


def test_somebody_elses_verdict_is_shown_and_can_be_replaced_knowingly(screen, house, errors, shoot):
    page = screen(house, house.reviewer)
    AnnotationReviewService(house.reviewer2).reject(house.annotation, reject_action="remove")

    page.click(ACCEPT)
    expect(page.locator("[data-notice=overtaken]")).to_contain_text(
        "Reviewer2 has decided in the meantime: rejected"
    )
    shoot(page, "review-overtaken")
    page.wait_for_timeout(300)
    page.click(ACCEPT)

    toast(page, "Accepted")
    found = verdict_on(house.annotation)
    assert (found.verdict, found.created_by) == ("accepted", house.reviewer)
    assert errors == []


@pytest.mark.slow
def test_somebody_elses_verdict_is_shown_while_one_still_looks(screen, house, errors):
    page = screen(house, house.reviewer)
    wait_for_updates(page)

    reviewed(house.annotation, house.reviewer2, "rejected", comment="No")
    outbox.assign_positions()

    expect(page.locator("[data-notice=overtaken]")).to_contain_text(
        "Reviewer2 has decided in the meantime: rejected"
    )
    assert errors == []


def wait_for_updates(page: Page) -> None:
    """Until the page has a cursor, so that what follows is a change."""
    with page.expect_response("**/api/updates/**"):
        pass


def test_an_edit_of_what_changed_meanwhile_is_there_after_a_reload(screen, house, errors):
    page = screen(house, house.reviewer)
    annotations.edit(house.annotation.pk, {"result": result("C")}, actor=house.lead)
    page.click(ACCEPT)
    expect(page.locator("[data-notice=overtaken]")).to_be_visible()
    expect(page.get_by_role("checkbox").nth(2)).to_be_checked()
    page.get_by_role("checkbox").nth(1).click()

    page.reload()

    expect(page.locator("[data-notice=restored]")).to_be_visible()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    assert errors == []


@pytest.mark.slow
def test_an_edit_is_kept_for_the_item_it_was_made_on_while_the_next_is_fetched(screen, house, errors):
    second = annotation(task(house.project, text="Another letter"), house.annotator2, "C")
    page = screen(house, house.reviewer)
    page.get_by_role("checkbox").nth(1).click()
    asked = []
    drafts = f"**/annotations/{second.pk}/drafts/"
    page.route(drafts, lambda route: asked.append(route))
    page.keyboard.press("Alt+n")
    wait_until(page, lambda: asked)
    expect(page.get_by_text("A letter", exact=True)).to_be_visible()

    page.unroute(drafts)
    page.reload()

    expect(page.get_by_text("Another letter")).to_be_visible()
    expect(page.get_by_role("checkbox").nth(2)).to_be_checked()
    expect(page.locator("[data-notice=restored]")).to_have_count(0)
    page.goto(f"/projects/{house.project.pk}/review/?task={house.task.pk}")
    expect(page.locator("[data-notice=restored]")).to_be_visible()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    assert errors == []


def test_the_changed_region_of_reworked_work_is_selected_first(screen, picture, errors, shoot):
    reviewed(picture.annotation, picture.reviewer, "rejected", comment="Cut it at the wheels")
    moved = street(CAR, TREE | {"y": 4.0, "height": 59.0})
    annotations.edit(picture.annotation.pk, {"result": moved}, actor=picture.annotator)
    page = screen(picture, picture.reviewer)

    expect(page.locator("#about")).to_contain_text(
        "It was rejected before “Cut it at the wheels”. 1 change since:"
    )
    expect(page.locator(".cs-changes")).to_contain_text(re.compile(r"moved, overlap 0\.8"))
    expect(page.locator(".lsf-tree-treenode-selected")).to_contain_text("Tree")
    shoot(page, "review-outdated")
    page.click(ACCEPT)

    toast(page, "Accepted")
    assert verdict_on(picture.annotation).verdict == "accepted"
    assert errors == []


def test_a_lost_place_in_the_queue_is_said_and_a_closed_page_frees_it(screen, house, settings, errors):
    settings.LEASE_SECONDS = 2
    page = screen(house, house.reviewer)
    held = QueueEntry.objects.get()
    assert (held.leased_to, held.annotation) == (house.reviewer, house.annotation)

    leases.release(held.lease)
    expect(page.locator("[data-notice=lease]")).to_be_visible()
    settings.LEASE_SECONDS = 600
    page.get_by_role("button", name="Next item").click()
    expect(page.get_by_role("button", name="Check again")).to_be_visible()
    page.get_by_role("button", name="Check again").click()
    expect(page.locator(ACCEPT)).to_be_visible()
    assert QueueEntry.objects.get().leased_to == house.reviewer

    page.goto("/")
    wait_until(page, lambda: QueueEntry.objects.get().lease is None)
    assert errors == []


def test_an_answer_that_got_lost_counts_once(screen, house, errors):
    page = screen(house, house.reviewer)
    lost = []

    def lose_first(route) -> None:
        """The server receives the request, but the page never gets the answer."""
        if route.request.method != "POST" or route.request.url in lost:
            return route.continue_()
        lost.append(route.request.url)
        route.fetch()
        return route.abort()

    page.route("**/api/comments/", lose_first)
    page.route("**/api/annotation-reviews/", lose_first)
    page.locator("textarea[name=comment]").fill("Said once")
    page.get_by_text("Reject: requeue", exact=True).click()

    toast(page, "Rejected, back to the annotator")
    assert len(lost) == 2
    assert [(said.text, said.annotation) for said in Comment.objects.all()] == [
        ("Said once", house.annotation)
    ]
    assert Review.objects.count() == 1
    assert errors == []


def test_whoever_was_signed_out_loses_nothing(screen, house, errors):
    page = screen(house, house.reviewer)
    session = next(one for one in page.context.cookies() if one["name"] == "sessionid")
    page.context.clear_cookies(name="sessionid")

    page.click(ACCEPT)
    expect(page.locator("[data-notice=connection]")).to_contain_text("You are signed out")
    page.context.add_cookies([session])
    page.get_by_role("button", name="Try now").click()

    toast(page, "Accepted")
    expect(page.locator("[data-notice=connection]")).to_have_count(0)
    assert verdict_on(house.annotation).verdict == "accepted"
    assert errors == []
