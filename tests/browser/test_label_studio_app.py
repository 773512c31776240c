"""Label Studio's unmodified web application on our API: projects, data manager, quick view, label stream."""

import re

import pytest
from playwright.sync_api import Page, expect

from tasks.models import Annotation, Project
from tests.factories import House, annotation, reviewed, task

ACCEPT, REJECT = "[aria-label='accept-annotation']", "[aria-label='reject-annotation']"


@pytest.fixture
def work(house: House) -> House:
    """Three tasks: one to review, one accepted, one rejected."""
    reviewed(annotation(task(house.project, text="A signed letter"), house.annotator), house.reviewer2)
    rejected = annotation(task(house.project, text="A letter sent back"), house.annotator, "B")
    reviewed(rejected, house.reviewer2, "rejected", comment="It is an A")
    return house


def manager(page: Page, project: Project) -> Page:
    page.goto(f"/label-studio/projects/{project.pk}/data")
    expect(page.get_by_text(re.compile(r"Tasks: 3 / 3"))).to_be_visible()
    return page


def test_the_project_list_shows_the_projects_one_may_see(page_of, work, errors, shoot):
    Project.objects.create(title="Somebody else's", created_by=work.stranger)
    page = page_of(work.reviewer)

    page.goto("/label-studio/projects")

    expect(page.get_by_text("Letters", exact=True)).to_be_visible()
    expect(page.get_by_text("Somebody else's")).to_have_count(0)
    shoot(page, "projects")
    assert errors == []


def test_a_new_table_shows_review_columns_and_filters_by_rejected(page_of, work, errors, shoot):
    page = manager(page_of(work.lead), work.project)
    # The columns with the counts of accepted and rejected have icons as titles.
    for title in ("Reviewed", "Reviewed by", "Comments"):
        expect(page.get_by_text(title, exact=True).first).to_be_visible()
    for title in ("Inner ID", "Annotation results", "Storage filename"):
        expect(page.get_by_text(title, exact=True)).not_to_be_visible()
    shoot(page, "data-manager")

    page.get_by_text("Filters").first.click()
    page.get_by_text("Add Filter").click()
    page.locator("[data-testid^='select-trigger-filter:tasks:']").click()
    page.get_by_placeholder("Search").fill("Rejected")
    page.get_by_role("option", name=re.compile("^Rejected")).click()
    page.locator(".lsf-filterLine input[type=number]").first.fill("1")

    expect(page.get_by_text(re.compile(r"Tasks: 1 / 1|Tasks: 1 / 3"))).to_be_visible()
    expect(page.get_by_text("A letter sent back").first).to_be_visible()
    shoot(page, "data-manager-filtered")
    assert errors == []


@pytest.mark.slow
def test_accept_in_the_quick_view_signs_the_annotation(page_of, work, errors, shoot):
    page = manager(page_of(work.reviewer), work.project)
    page.get_by_text("A letter", exact=True).first.click()
    expect(page.locator(ACCEPT)).to_be_visible()
    shoot(page, "quick-view-before")

    with page.expect_response("**/api/annotation-reviews/") as answer:
        page.click(ACCEPT)

    assert answer.value.status == 201
    signed = Annotation.objects.get(pk=work.annotation.pk)
    assert (signed.last_action, signed.last_created_by) == ("accepted", work.reviewer)
    page.wait_for_timeout(1500)
    shoot(page, "quick-view-after")
    assert errors == []


def test_reject_in_the_quick_view_sends_it_back(page_of, work, errors):
    page = manager(page_of(work.reviewer), work.project)
    page.get_by_text("A letter", exact=True).first.click()

    with page.expect_response("**/api/annotation-reviews/") as answer:
        page.click(REJECT)

    assert (answer.value.status, answer.value.json()["reject_action"]) == (201, "requeue")
    assert Annotation.objects.get(pk=work.annotation.pk).last_action == "rejected"
    assert errors == []


def test_an_edit_in_the_quick_view_is_a_fix(page_of, work, errors):
    page = manager(page_of(work.reviewer), work.project)
    page.get_by_text("A letter", exact=True).first.click()
    expect(page.locator(ACCEPT)).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("^C")).or_(page.locator("label", has_text="C")).first.click()
    expect(page.locator(ACCEPT)).to_have_text("Fix + Accept")

    with page.expect_response("**/api/annotation-reviews/"):
        page.click(ACCEPT)

    fixed = Annotation.objects.get(pk=work.annotation.pk)
    assert (fixed.last_action, fixed.result[0]["value"]["choices"]) == ("fixed_and_accepted", ["C"])
    assert errors == []


def test_a_refused_verdict_is_shown_in_the_servers_words(page_of, work):
    work.project.require_review_comment_on_reject = True
    work.project.save()
    page = manager(page_of(work.reviewer), work.project)
    page.get_by_text("A letter", exact=True).first.click()

    page.click(REJECT)

    expect(page.get_by_text(re.compile("comment", re.IGNORECASE)).first).to_be_visible()
    assert Annotation.objects.get(pk=work.annotation.pk).last_action == "submitted"


def test_the_label_stream_takes_an_annotation(page_of, work, errors, shoot):
    fresh = task(work.project, text="A new letter")
    page = page_of(work.annotator2)
    page.goto(f"/label-studio/projects/{work.project.pk}/data?labeling=1")
    expect(page.get_by_role("checkbox").nth(1)).to_be_visible()
    page.get_by_role("checkbox").nth(1).click()
    shoot(page, "label-stream")

    with page.expect_response(re.compile(r"/api/tasks/\d+/annotations")) as answer:
        page.get_by_text("Submit", exact=True).click()

    assert answer.value.status == 201
    made = Annotation.objects.get(completed_by=work.annotator2)
    assert made.task_id == fresh.pk
    assert made.result[0]["value"]["choices"] == ["B"]


def test_a_dialog_says_what_an_action_would_do_and_a_message_what_it_did(page_of, work, errors, shoot):
    page = manager(page_of(work.reviewer), work.project)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name=re.compile("Actions|Tasks$|Selected")).first.click()
    page.get_by_text("Reject annotations").click()

    would = "1 of 3 annotations would be rejected. Would be left alone: 2 already decided by others."
    expect(page.get_by_text(would)).to_be_visible()
    shoot(page, "bulk-dialog")
    page.get_by_text("Also where others have decided").click()
    page.get_by_test_id("dialog-ok-button").click()

    expect(page.get_by_text("Rejected: 3. 2 verdicts of others replaced.").first).to_be_visible()
    assert set(Annotation.objects.values_list("last_action", flat=True)) == {"rejected"}
    assert errors == []
