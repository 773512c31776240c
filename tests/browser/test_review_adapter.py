"""The page of docs/how-to/front-end.md, in a browser: Label Studio's unmodified editor, and our adapter."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import Page, expect

from reviews.models import Comment, Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, Draft
from users.models import ApiToken

HOW_TO = Path(settings.BASE_DIR) / "docs" / "how-to" / "front-end.md"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; script-src 'self' 'unsafe-inline'"
)
ACCEPT, REJECT = "[aria-label='accept-annotation']", "[aria-label='reject-annotation']"


@pytest.fixture
def review(page_of, house, live_server):
    """review(user): the page of the how-to with the house's task, for `user`; keywords: settings."""

    def show(user, **fields) -> Page:
        for name, value in fields.items():
            setattr(house.project, name, value)
        house.project.save()
        page = page_of(user)
        html = re.search(r"```html\n(.*?)```", HOW_TO.read_text(), re.DOTALL).group(1)
        headers = {"Content-Type": "text/html", "Content-Security-Policy": POLICY}
        page.route("**/our-page?**", lambda route: route.fulfill(body=html, headers=headers))
        page.goto("/label-studio/")  # for the cookie with the CSRF token
        page.goto(f"/our-page?project={house.project.pk}&task={house.task.pk}")
        expect(page.locator(ACCEPT)).to_be_visible()
        wait_until(page, lambda: page.evaluate("Boolean(window.review)"))
        return page

    return show


def standing(house) -> Review | None:
    return Review.objects.filter(pk=Annotation.objects.get(pk=house.annotation.pk).standing_review_id).first()


def wait_for_verdict(page: Page, house) -> Review:
    return wait_until(page, lambda: standing(house))


def wait_until(page: Page, happened: Callable[[], Any]) -> Any:
    """Call `happened` until it returns something. (Playwright's own waiting would need `unsafe-eval`.)"""
    for _ in range(100):
        if found := happened():
            return found
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen within ten seconds")


def test_accept_signs_the_annotation_as_it_is(review, house, errors, shoot):
    page = review(house.reviewer)
    shoot(page, "adapter-before")

    page.click(ACCEPT)

    found = wait_for_verdict(page, house)
    assert (found.verdict, found.created_by, found.fixed_version) == ("accepted", house.reviewer, None)
    assert errors == []


@pytest.mark.slow
def test_a_page_of_another_origin_signs_with_a_token(page_of, house, live_server, settings, errors):
    elsewhere = "http://front.localhost:8099"
    settings.CORS_ALLOWED_ORIGINS = [elsewhere]
    asked = f'server: "{live_server.url}", token: "{ApiToken.issue(house.reviewer, name="front end")[1]}",'
    html = (
        re.search(r"```html\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
        .group(1)
        .replace("LabelStudio,", f"LabelStudio, {asked}")
    )
    page = page_of(house.stranger)
    page.context.grant_permissions(["local-network-access"])  # a page that is answered here counts as public
    page.route(f"{elsewhere}/our-page?**", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.route(f"{elsewhere}/static/**", lambda route: route.fulfill(path=static_file(route.request.url)))

    page.goto(f"{elsewhere}/our-page?project={house.project.pk}&task={house.task.pk}")
    page.click(ACCEPT)

    found = wait_for_verdict(page, house)
    assert (found.verdict, found.created_by) == ("accepted", house.reviewer)
    assert errors == []


def static_file(url: str) -> Path:
    """What would be copied to the other server; of what is not there, nothing."""
    found = finders.find(urlsplit(url).path.removeprefix("/static/"))
    return Path(found) if found else Path("/dev/null")


@pytest.mark.slow
def test_an_edit_makes_it_a_fix(review, house, errors):
    page = review(house.reviewer)
    page.get_by_role("checkbox").nth(1).click()
    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")

    page.click(ACCEPT)

    found = wait_for_verdict(page, house)
    assert found.verdict == "fixed_and_accepted"
    assert found.fixed_version.result[0]["value"]["choices"] == ["B"]
    assert errors == []


@pytest.mark.slow
@pytest.mark.parametrize(("button", "action"), [("Reject: requeue", "requeue"), ("Reject: remove", "remove")])
def test_each_reject_button_names_its_outcome(review, house, errors, button, action):
    page = review(house.reviewer)

    page.get_by_text(button, exact=True).click()

    found = wait_for_verdict(page, house)
    assert (found.verdict, found.reject_action) == ("rejected", action)
    assert errors == []


def test_a_mandatory_comment_is_written_before_the_reject(review, house, errors):
    page = review(house.reviewer, require_review_comment_on_reject=True)
    page.locator("#Comments-draggable").click()
    page.locator("textarea[name=comment]").fill("The other letter")

    page.click(REJECT)

    assert wait_for_verdict(page, house).verdict == "rejected"
    assert [comment.text for comment in Comment.objects.all()] == ["The other letter"]
    assert errors == []


@pytest.mark.slow
def test_control_and_space_rejects(review, house, errors):
    page = review(house.reviewer, allowed_reject_actions=["requeue"])

    page.keyboard.press("Control+Space")

    assert wait_for_verdict(page, house).verdict == "rejected"
    assert errors == []


@pytest.mark.slow
def test_a_double_click_is_one_verdict(review, house):
    page = review(house.reviewer)
    page.evaluate(
        """async () => {
            const [shown] = window.review.store.annotationStore.annotations;
            await Promise.all([1, 2, 3].map(() => window.review.accept({isDirty: false, entity: shown})));
        }"""
    )
    assert Review.objects.count() == 1


@pytest.mark.slow
def test_a_verdict_on_what_somebody_else_decided_meanwhile_is_refused_in_words(review, house, errors):
    page = review(house.reviewer)
    AnnotationReviewService(house.reviewer2).accept(house.annotation)

    page.click(REJECT)

    expect(page.locator(".lsf-modal, .ant-modal, [role=dialog]").first).to_be_visible()
    assert (Review.objects.count(), standing(house).created_by) == (1, house.reviewer2)


@pytest.mark.slow
def test_ones_own_work_is_refused_by_the_server_in_words(review, house):
    own = house.annotation
    page = review(house.reviewer)
    Annotation.objects.filter(pk=own.pk).update(completed_by=house.reviewer)

    page.click(ACCEPT)

    expect(page.get_by_text("own", exact=False).first).to_be_visible()
    assert standing(house) is None


@pytest.mark.slow
def test_a_draft_is_kept_and_comes_back(review, house, errors):
    page = review(house.reviewer)
    page.get_by_role("checkbox").nth(2).click()
    wait_until(page, lambda: Draft.objects.filter(annotation=house.annotation, user=house.reviewer).exists())

    page = review(house.reviewer)

    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")
    page.click(ACCEPT)
    assert wait_for_verdict(page, house).fixed_version.result[0]["value"]["choices"] == ["C"]
    wait_until(page, lambda: not Draft.objects.exists())
