"""The inbox in a browser: it updates without a reload, and a lead's buttons work under the strict CSP."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import expect

from reviews.models import Dispute, QueueEntry
from tasks.models import Annotation, Task
from tasks.services import annotations, members
from tests.factories import annotation, member, result, reviewed, skipped, task
from tests.reviews.steps import settings
from webhooks import outbox


def test_the_inbox_and_the_header_follow_without_a_reload(house, page_of, errors):
    page = page_of(house.annotator)
    page.clock.install()
    page.goto("/inbox/")
    expect(page.get_by_text("Nothing is waiting for you.")).to_be_visible()

    reviewed(
        house.annotation, house.reviewer, "rejected", reject_action="requeue", comment="The tail is cut off"
    )
    outbox.assign_positions()
    page.clock.run_for(6_000)

    expect(page.get_by_text("“The tail is cut off”")).to_be_visible()
    expect(page.get_by_role("navigation", name="Site").get_by_text(re.compile(r"^1"))).to_be_visible()
    page.get_by_role("link", name=re.compile("^Open")).click()
    expect(page).to_have_url(re.compile(rf"/projects/{house.project.pk}/label/\?task={house.task.pk}$"))
    assert errors == []


def test_a_comment_opens_the_work_it_is_about(house, page_of, errors):
    task(house.project, text="A new letter")
    reviewed(house.annotation, house.reviewer, "accepted", comment="Well seen")
    page = page_of(house.annotator)
    page.goto("/inbox/?kind=comments")

    page.get_by_role("link", name=re.compile("^Open")).click()

    expect(page.get_by_text("A letter", exact=True)).to_be_visible()
    expect(page.get_by_text("Well seen").first).to_be_visible()
    page.get_by_role("button", name="Next task").click()
    expect(page.get_by_text("A new letter")).to_be_visible()
    assert errors == []


def test_work_that_came_back_is_opened_by_its_task_and_put_right(house, page_of, errors):
    second = annotation(task(house.project, text="A later letter"), house.annotator)
    for one, words in ((house.annotation, "The tail is cut off"), (second, "Read it again")):
        reviewed(one, house.reviewer, "rejected", reject_action="requeue", comment=words)
    page = page_of(house.annotator)
    page.goto("/inbox/?kind=returned")
    page.get_by_role("link", name=re.compile("^Open")).last.click()

    expect(page.get_by_text("A later letter")).to_be_visible()
    expect(page.locator("#about")).to_contain_text("Sent back to you")
    expect(page.locator("#about")).to_contain_text("Read it again")
    page.get_by_role("checkbox").nth(1).click()
    page.get_by_role("button", name=re.compile("^submit", re.IGNORECASE)).click()

    expect(page.locator("#toast")).to_contain_text("Updated")
    expect(page.get_by_text("A letter", exact=True)).to_be_visible()
    assert Annotation.objects.get(pk=second.pk).result[0]["value"]["choices"] == ["B"]
    assert errors == []


@pytest.mark.slow
def test_a_rejection_that_sends_nothing_back_is_contested_where_its_comment_is(house, page_of, errors):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No", reject_action="remove")
    page = page_of(house.annotator)
    page.goto(f"/projects/{house.project.pk}/label/?task={house.task.pk}")

    page.get_by_role("button", name="Contest the rejection").click()
    page.locator("#words-text").fill("It is an A: see the guideline")
    page.get_by_role("button", name="Contest", exact=True).click()

    expect(page.locator("#toast")).to_contain_text("Contested")
    assert Dispute.objects.get().reason == "It is an A: see the guideline"
    assert errors == []


def several_dead_ends(house) -> Task:
    """A task all have skipped, one rejected too often, one waiting for somebody who left; and other work."""
    settings(house, title="Street scenes", max_rounds=1)
    blot = task(house.project, text="A blot")
    for who in (house.annotator, house.annotator2):
        skipped(blot, who)
    for _ in range(2):
        reviewed(house.annotation, house.reviewer, "rejected", reject_action=None, comment="Look again")
        if house.annotation.returned_at:
            annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)
            house.annotation.refresh_from_db()
    gone = member(house.project, "AN", "noor")
    left = annotation(task(house.project, text="Left behind"), gone)
    reviewed(left, house.reviewer, "rejected", reject_action="requeue")
    members.remove(house.membership(gone), actor=house.lead)
    for number in range(3):
        annotation(task(house.project, text=f"{number}"), house.annotator2)
    back = annotation(task(house.project, text="Back"), house.annotator)
    reviewed(back, house.reviewer2, "rejected", reject_action="requeue")
    return blot


def days_ago(days: int) -> None:
    """Move everything into the past."""
    by = timedelta(days=days, hours=4)
    Task.objects.update(updated_at=F("updated_at") - by)
    Annotation.objects.filter(returned_at__isnull=False).update(returned_at=F("returned_at") - by)
    QueueEntry.objects.update(entered_at=F("entered_at") - by)


def test_a_lead_ends_what_nobody_takes_up(house, page_of, errors, shoot):
    blot = several_dead_ends(house)
    days_ago(3)
    page = page_of(house.lead)
    page.goto("/inbox/")

    for reason in ("rounds_capped", "skipped_by_all", "ownerless"):
        expect(page.get_by_text(reason, exact=True)).to_be_visible()
    expect(page.get_by_text("3 days").first).to_be_visible()
    page.set_viewport_size({"width": 1040, "height": 1220})
    shoot(page, "inbox-lead")
    page.get_by_label(f"Reason for closing task {blot.pk}").fill("A blot")
    page.locator("form", has=page.get_by_label(f"Reason for closing task {blot.pk}")).get_by_role(
        "button", name="Close"
    ).click()

    expect(page.get_by_text("Done.")).to_be_visible()
    expect(page.get_by_text("skipped_by_all", exact=True)).to_have_count(0)
    assert Task.objects.get(pk=blot.pk).closed_because == "A blot"
    assert errors == []
