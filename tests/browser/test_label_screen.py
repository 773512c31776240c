"""The label screen in a browser, and the whole loop between annotator and reviewer."""

import re

import pytest
from playwright.sync_api import Page, expect

from reviews.models import Comment, Dispute, Review
from tasks.models import Annotation, Draft, Task
from tasks.services import annotations
from tests.factories import House, result, reviewed, task

ACCEPT = "[aria-label='accept-annotation']"
SUBMIT = re.compile("^submit", re.IGNORECASE)


def work(page: Page, house: House) -> Page:
    page.goto(f"/projects/{house.project.pk}/label/")
    expect(page.get_by_role("button", name=SUBMIT)).to_be_visible()
    return page


def toast(page: Page, words: str) -> None:
    expect(page.locator("#toast")).to_contain_text(words)


def last_version(of: Annotation) -> list[str]:
    return Annotation.objects.get(pk=of.pk).result[0]["value"]["choices"]


def test_tasks_are_labelled_one_after_the_other_or_skipped_with_a_reason(page_of, house, errors):
    first, second = task(house.project, text="A new letter"), task(house.project, text="A blot")
    page = work(page_of(house.annotator), house)
    expect(page.locator("#left")).to_have_text("2 tasks left")

    page.get_by_role("checkbox").nth(1).click()
    page.get_by_role("button", name=SUBMIT).click()
    toast(page, "Submitted")
    expect(page.get_by_text("A blot")).to_be_visible()
    page.keyboard.press("Control+Space")
    page.locator("#words-text").fill("Nobody can read this")
    page.get_by_role("button", name="Skip", exact=True).last.click()
    toast(page, "Skipped")

    expect(page.get_by_role("heading", name="Nothing to label right now")).to_be_visible()
    submitted, skipped = (Annotation.objects.get(task=one) for one in (first, second))
    assert (submitted.result[0]["value"]["choices"], submitted.completed_by) == (["B"], house.annotator)
    assert skipped.was_cancelled
    assert Comment.objects.get().text == "Nobody can read this"
    assert Draft.objects.count() == 0
    assert errors == []


def test_rejected_work_comes_back_with_the_comment_and_returns_to_review_as_outdated(
    page_of, house, errors, shoot
):
    task(house.project, text="A new letter")
    reviewer = page_of(house.reviewer)
    reviewer.goto(f"/projects/{house.project.pk}/review/")
    expect(reviewer.locator(ACCEPT)).to_be_visible()
    reviewer.keyboard.press("Control+Space")
    reviewer.locator("#reject-comment").fill("Look at the second line: it is a B")
    reviewer.get_by_role("button", name="Reject", exact=True).click()
    expect(reviewer.get_by_role("heading", name="Nothing to review for you")).to_be_visible()

    page = work(page_of(house.annotator), house)
    expect(page.locator("#about")).to_contain_text("Sent back to you")
    expect(page.locator("#about")).to_contain_text("Look at the second line: it is a B")
    expect(page.get_by_text("A letter", exact=True)).to_be_visible()
    shoot(page, "label-screen")
    page.get_by_role("checkbox").nth(1).click()
    page.get_by_role("button", name=SUBMIT).click()
    toast(page, "Updated")
    assert last_version(house.annotation) == ["B"]
    expect(page.get_by_text("A new letter")).to_be_visible()

    reviewer.get_by_role("button", name="Check again").click()
    expect(reviewer.locator("#about")).to_contain_text("Outdated verdict")
    expect(reviewer.locator("#about")).to_contain_text("Look at the second line: it is a B")
    expect(reviewer.locator(".cs-changes")).to_contain_text("A → B")
    shoot(reviewer, "review-outdated-choice")
    reviewer.locator(ACCEPT).click()
    toast(reviewer, "Accepted")
    assert [review.state for review in Review.objects.order_by("id")] == ["outdated", "standing"]
    assert errors == []


def test_an_annotator_contests_a_rejection_once(page_of, house, errors):
    reviewed(house.annotation, house.reviewer2, "rejected", comment="No")
    page = work(page_of(house.annotator), house)

    page.get_by_role("button", name="Contest the rejection").click()
    page.locator("#words-text").fill("It is an A: see the guideline")
    page.get_by_role("button", name="Contest", exact=True).click()
    toast(page, "Contested")

    assert Dispute.objects.get().reason == "It is an A: see the guideline"
    judge = page_of(house.reviewer)
    judge.goto(f"/projects/{house.project.pk}/review/?queue=disputes")
    expect(judge.locator("#about")).to_contain_text("It is an A: see the guideline")
    # The reviewer who decides does not see who rejected it.
    expect(judge.locator(".lsf-comment-item").first).to_contain_text("Somebody")
    assert errors == []


def test_corrections_are_seen_once(page_of, house, errors, shoot):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted")
    task(house.project, text="A new letter")
    page = work(page_of(house.annotator), house)

    page.get_by_role("button", name="1 correction").click()
    expect(page.locator("#corrections-list")).to_contain_text("A → C")
    shoot(page, "corrections")
    page.get_by_role("button", name="Seen", exact=True).click()

    expect(page.locator("#corrections-list li")).to_have_count(0)
    expect(page.get_by_role("button", name="1 correction")).to_be_hidden()
    assert errors == []


@pytest.mark.slow
def test_work_on_a_version_that_was_replaced_is_put_onto_the_new_one(page_of, house, errors):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No")
    page = work(page_of(house.annotator), house)
    annotations.edit(house.annotation.pk, {"result": result("C")}, actor=house.lead)

    page.get_by_role("checkbox").nth(1).click()
    page.get_by_role("button", name=SUBMIT).click()
    page.get_by_role("button", name="Reload and keep my work").click()
    expect(page.locator("[data-notice=restored]")).to_be_visible()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    page.get_by_role("button", name=SUBMIT).click()

    toast(page, "Updated")
    assert last_version(house.annotation) == ["B"]
    assert errors == []


def test_work_without_a_connection_goes_out_once_it_is_back(page_of, house, errors):
    fresh = task(house.project, text="A new letter")
    page = work(page_of(house.annotator), house)
    page.context.set_offline(True)
    page.get_by_role("checkbox").nth(2).click()
    page.get_by_role("button", name=SUBMIT).click()
    expect(page.locator("[data-notice=connection]")).to_contain_text("“Submitted” is kept in this browser")

    page.context.set_offline(False)

    toast(page, "Submitted")
    expect(page.get_by_role("heading", name="Nothing to label right now")).to_be_visible()
    assert last_version(Annotation.objects.get(task=fresh)) == ["C"]
    assert errors == []


@pytest.mark.slow
def test_work_of_one_screen_is_not_sent_by_the_other(page_of, house, errors):
    fresh = task(house.project, text="A new letter")
    page = work(page_of(house.reviewer), house)
    page.context.set_offline(True)
    page.get_by_role("checkbox").nth(2).click()
    page.get_by_role("button", name=SUBMIT).click()
    expect(page.locator("[data-notice=connection]")).to_contain_text("“Submitted” is kept in this browser")
    page.close()
    page.context.set_offline(False)

    review = page.context.new_page()
    review.goto(f"/projects/{house.project.pk}/review/")
    expect(review.locator(ACCEPT)).to_be_visible()
    assert not Annotation.objects.filter(task=fresh).exists()
    review.goto(f"/projects/{house.project.pk}/label/")

    toast(review, "Submitted")
    assert last_version(Annotation.objects.get(task=fresh)) == ["C"]
    assert not review.evaluate("Object.keys(localStorage).filter((key) => key.includes(':edit:'))")


def say(page: Page, words: str) -> None:
    page.keyboard.press("Alt+c")
    page.locator("textarea[name=comment]").fill(words)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".lsf-comment-item")).to_contain_text(words)
    page.keyboard.press("Escape")


def said(of: Task) -> list[tuple]:
    """(text, annotation) of each comment on the task."""
    return list(Comment.objects.filter(task=of).order_by("id").values_list("text", "annotation__task"))


def test_a_comment_on_work_that_is_not_submitted_is_on_its_draft_and_then_on_the_work(page_of, house, errors):
    fresh = task(house.project, text="A new letter")
    page = work(page_of(house.annotator), house)
    page.get_by_role("checkbox").nth(1).click()
    with page.expect_response(lambda answer: answer.url.endswith("/api/comments/") and answer.status == 201):
        say(page, "Which hand is this?")
    assert Comment.objects.get().draft_id == Draft.objects.get().pk

    page.reload()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    page.keyboard.press("Alt+c")
    expect(page.locator(".lsf-comment-item")).to_contain_text("Which hand is this?")
    expect(page.locator("textarea[name=comment]")).to_have_value("")
    page.get_by_role("button", name=SUBMIT).click()

    toast(page, "Submitted")
    assert said(fresh) == [("Which hand is this?", fresh.pk)]
    assert (last_version(Annotation.objects.get(task=fresh)), Draft.objects.count()) == (["B"], 0)
    assert errors == []


@pytest.mark.slow
def test_words_in_the_comment_field_are_said_with_the_work(page_of, house, errors):
    first, second = task(house.project, text="A new letter"), task(house.project, text="A blot")
    page = work(page_of(house.annotator), house)
    page.get_by_role("checkbox").nth(1).click()
    page.keyboard.press("Alt+c")
    page.locator("textarea[name=comment]").fill("Which hand is this?")
    page.get_by_role("button", name=SUBMIT).click()
    toast(page, "Submitted")
    expect(page.get_by_text("A blot")).to_be_visible()
    page.keyboard.press("Alt+c")
    page.locator("textarea[name=comment]").fill("A blot, I think")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Space")
    page.get_by_role("button", name="Skip", exact=True).last.click()
    toast(page, "Skipped")

    expect(page.get_by_role("heading", name="Nothing to label right now")).to_be_visible()
    assert said(first) + said(second) == [("Which hand is this?", first.pk), ("A blot, I think", second.pk)]
    assert Draft.objects.count() == 0
    assert errors == []


@pytest.mark.slow
def test_a_comment_without_a_connection_goes_out_with_the_work(page_of, house, errors):
    fresh = task(house.project, text="A new letter")
    page = work(page_of(house.annotator), house)
    page.context.set_offline(True)
    page.get_by_role("checkbox").nth(2).click()
    say(page, "Which hand is this?")
    page.get_by_role("button", name=SUBMIT).click()
    expect(page.locator("[data-notice=connection]")).to_be_visible()

    page.context.set_offline(False)

    toast(page, "Submitted")
    expect(page.get_by_role("heading", name="Nothing to label right now")).to_be_visible()
    assert said(fresh) == [("Which hand is this?", fresh.pk)]
    assert (last_version(Annotation.objects.get(task=fresh)), Draft.objects.count()) == (["C"], 0)
    assert errors == []


@pytest.mark.slow
def test_a_comment_without_a_connection_is_on_the_draft_once_it_is_back(page_of, house, errors):
    fresh = task(house.project, text="A new letter")
    page = work(page_of(house.annotator), house)
    page.context.set_offline(True)
    say(page, "Which hand is this?")
    expect(page.locator("[data-notice=connection]")).to_contain_text(
        "“Which hand is this?” is kept in this browser"
    )
    page.close()
    page.context.set_offline(False)

    again = work(page.context.new_page(), house)
    again.keyboard.press("Alt+c")
    expect(again.locator(".lsf-comment-item")).to_contain_text("Which hand is this?")
    assert said(fresh) == [("Which hand is this?", None)]
    again.get_by_role("checkbox").nth(1).click()
    again.get_by_role("button", name=SUBMIT).click()

    toast(again, "Submitted")
    assert said(fresh) == [("Which hand is this?", fresh.pk)]
    assert Draft.objects.count() == 0
