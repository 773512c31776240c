"""The review screen, clicked through in a browser: Label Studio's unmodified editor, our queue around it."""

import re

import pytest
from playwright.sync_api import Page, expect

from reviews.models import Comment, Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tests.factories import BOXES, House, annotation, boxes, build_house, result, reviewed, task

ACCEPT, REJECT = "[aria-label='accept-annotation']", "[aria-label='reject-annotation']"
PICTURE = "/static/countersign/mark.svg"


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
    """A house whose one annotation is two boxes on a picture."""
    house = build_house(label_config=BOXES)
    house.task.delete()
    house.task = task(house.project, image=PICTURE)
    house.annotation = annotation(house.task, house.annotator, result=boxes("Car", "Tree"))
    return house


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
