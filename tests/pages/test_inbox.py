"""The inbox pages: what they show, that htmx reloads them, and the buttons of a lead."""

import pytest

from reviews import comments
from reviews.models import Comment
from reviews.service import AnnotationReviewService
from tasks.models import Task
from tests.factories import browser_of, reviewed, skipped, task
from users.models import User


def page(user: User, path: str = "/inbox/", **headers) -> str:
    response = browser_of(user).get(path, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def skipped_by_all(house) -> Task:
    of = task(house.project, text="A blot")
    for who in (house.annotator, house.annotator2):
        skipped(of, who)
    return of


def test_the_page_shows_my_turn_and_where_to_go(house):
    reviewed(
        house.annotation, house.reviewer, "rejected", reject_action="requeue", comment="The tail <is> cut off"
    )
    shown = page(house.annotator)
    assert "Rework it: it was sent back to you." in shown
    assert "The tail &lt;is&gt; cut off" in shown
    assert f'href="/projects/{house.project.pk}/label/?task={house.task.pk}"' in shown


def test_an_empty_inbox_says_so(house):
    assert "Nothing is waiting for you." in page(house.annotator)


def test_the_list_asks_for_itself_again_as_a_fragment(house):
    assert 'hx-get="?kind=to_review&amp;page=1" hx-trigger="changed from:body, every 300s"' in page(
        house.reviewer, "/inbox/?kind=to_review"
    )
    fragment = page(house.reviewer, "/inbox/?kind=to_review", **{"HX-Request": "true"})
    assert fragment.startswith('<section id="mine"') and "<html" not in fragment


@pytest.mark.parametrize("query", ["?page=999", "?page=x", "?kind=nothing", "?kind="])
def test_an_odd_address_still_shows_the_inbox(house, query):
    assert "Review what was submitted." in page(house.reviewer, f"/inbox/{query}")


def test_a_comment_that_needs_no_answer_is_resolved_there(house):
    said = comments.create(house.annotation, "Well seen", actor=house.reviewer)
    assert f'name="resolve" value="{said.pk}"' in page(house.annotator)
    assert browser_of(house.annotator2).post("/inbox/", {"resolve": said.pk}).status_code == 404

    answer = browser_of(house.annotator).post("/inbox/", {"resolve": said.pk})

    assert "Well seen" not in answer.content.decode()
    assert Comment.objects.get(pk=said.pk).is_resolved


def test_an_answer_leads_a_reviewer_to_the_review_screen(house):
    comments.create(house.annotation, "Sure?", actor=house.reviewer)
    comments.create(house.annotation, "Yes", actor=house.annotator)
    shown = page(house.reviewer, "/inbox/?kind=comments")
    assert f'href="/projects/{house.project.pk}/review/?task={house.task.pk}"' in shown


def test_the_header_counts_on_demand(house):
    shown = page(house.reviewer, "/")
    assert 'hx-get="/inbox/count/" hx-trigger="load, changed from:body, every 300s"' in shown
    assert ">1<" in page(house.reviewer, "/inbox/count/")
    assert page(house.stranger, "/inbox/count/").strip() == ""


def test_the_pages_keep_a_strict_policy(house):
    response = browser_of(house.lead).get("/inbox/")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";" and "unsafe" not in policy
    assert (
        "&quot;allowEval&quot;: false" in (shown := response.content.decode())
        or '"allowEval": false' in shown
    )


def test_the_start_page_has_a_bar_for_each_project(house):
    reviewed(house.annotation, house.reviewer)
    assert '<progress max="1" value="1" aria-label="Letters: done">' in page(house.annotator, "/")


def test_a_bar_asks_for_itself_again(house):
    path = f"/projects/{house.project.pk}/progress/"
    assert f'hx-get="{path}" hx-trigger="changed from:body, every 300s"' in page(house.annotator, path)
    assert browser_of(house.stranger).get(path).status_code == 404


# --- for leads ---------------------------------------------------------------------------------------


def test_a_lead_finds_reasons_and_buttons_of_each_project(house):
    stuck = skipped_by_all(house)
    assert f'hx-get="/inbox/projects/{house.project.pk}/" hx-trigger="load"' in page(house.lead)

    shown = page(house.lead, f"/inbox/projects/{house.project.pk}/")

    assert "Everybody who could annotate this has skipped it." in shown and f"Task {stuck.pk}" in shown
    assert 'value="return"' in shown and 'value="assign"' in shown and 'value="close"' in shown
    assert "Any reviewer" in shown


@pytest.mark.parametrize(
    ("who", "status"), [("lead", 200), ("admin", 200), ("reviewer", 404), ("stranger", 404)]
)
def test_the_part_of_a_lead_is_for_leads(house, who, status):
    assert browser_of(getattr(house, who)).get(f"/inbox/projects/{house.project.pk}/").status_code == status
    assert ('id="led"' in page(getattr(house, who))) == (status == 200)


def test_a_lead_presses_a_button(house):
    stuck = skipped_by_all(house)
    path = f"/inbox/projects/{house.project.pk}/"
    said = {"task": stuck.pk, "reason": "skipped_by_all", "press": "close", "because": "A blot"}

    answer = browser_of(house.lead).post(path, said, headers={"HX-Request": "true"})

    assert "Done." in answer.content.decode()
    assert Task.objects.get(pk=stuck.pk).closed_because == "A blot"


def test_what_a_button_lacks_is_said_on_the_page(house):
    stuck = skipped_by_all(house)
    answer = browser_of(house.lead).post(
        f"/inbox/projects/{house.project.pk}/", {"task": stuck.pk, "press": "close", "because": ""}
    )
    assert "Say why this task is closed without an answer." in answer.content.decode()
    assert Task.objects.get(pk=stuck.pk).closed_at is None


def test_links_of_the_inbox_lead_to_pages(house):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="remove")
    AnnotationReviewService(house.annotator).contest(house.annotation, reason="No")
    shown = page(house.reviewer2)
    assert f'href="/projects/{house.project.pk}/review/?task={house.task.pk}"' in shown
    assert page(house.reviewer2, f"/projects/{house.project.pk}/review/?task={house.task.pk}")
