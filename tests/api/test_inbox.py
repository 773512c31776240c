"""Your turn: what waits for whom, since when, and where to do it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.service import AnnotationReviewService
from tasks.services import assignments, members
from tests.factories import annotation, client_of, project, reviewed, skipped, task
from tests.reviews.steps import pause, settings


def inbox(user, query: str = "") -> dict:
    return client_of(user).get(f"/api/inbox/{query}").json()


def told(user, query: str = "") -> list[tuple]:
    """(kind, task, annotation, count) of what waits, longest first."""
    return [
        (item["kind"], item["task"], item["annotation"], item["count"])
        for item in inbox(user, query)["results"]
    ]


def returned(house, **asked):
    return reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue", **asked)


# --- one kind each -----------------------------------------------------------------------------------


def test_what_came_back_waits_for_its_author_with_what_was_said(house):
    decision = returned(house, comment="The tail is cut off")

    item = inbox(house.annotator)["results"][0]

    assert item | {"since": "", "waiting_seconds": 0} == {
        "kind": "returned",
        "project": {"id": house.project.pk, "title": "Letters"},
        "task": house.task.pk,
        "annotation": house.annotation.pk,
        "about": None,
        "since": "",
        "waiting_seconds": 0,
        "count": 1,
        "count_is_estimate": False,
        "text": "The tail is cut off",
        "to_do": "Rework it: it was sent back to you.",
        "link": f"http://testserver/projects/{house.project.pk}/label/?task={house.task.pk}",
    }
    assert item["since"] == f"{decision.annotation.returned_at:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert "returned" not in {kind for kind, *_ in told(house.reviewer) + told(house.annotator2)}


def test_what_is_reopened_comes_back_with_the_comment_of_that(house):
    AnnotationReviewService(house.reviewer).reopen(house.annotation, comment="The guideline changed")
    assert inbox(house.annotator, "?kind=returned")["results"][0]["text"] == "The guideline changed"


def test_work_to_review_is_one_item_for_each_project(house):
    annotation(task(house.project, text="Another"), house.annotator)
    annotation(task(house.project, text="My own"), house.reviewer)

    assert told(house.reviewer, "?kind=to_review") == [("to_review", house.task.pk, None, 2)]
    assert inbox(house.reviewer, "?kind=to_review")["results"][0]["link"] == (
        f"http://testserver/projects/{house.project.pk}/review/"
    )
    assert [count for *_, count in told(house.reviewer2, "?kind=to_review")] == [3]
    assert told(house.annotator, "?kind=to_review") == []


def test_work_to_review_given_by_hand_is_named_one_by_one(house):
    settings(house, review_only_manual_assignments=True)
    annotation(task(house.project, text="Another"), house.annotator)
    assignments.assign([house.task], [house.reviewer], "RE")

    assert told(house.reviewer, "?kind=to_review") == [("to_review", house.task.pk, house.annotation.pk, 1)]
    assert told(house.reviewer2, "?kind=to_review") == []


def test_work_to_label_is_for_annotators_who_have_not_done_it(house):
    more = task(house.project, text="Another")
    assert told(house.annotator, "?kind=to_label") == [("to_label", more.pk, None, 1)]
    assert told(house.reviewer, "?kind=to_label") == []

    skipped(more, house.annotator)
    assert told(house.annotator, "?kind=to_label") == []
    assert told(house.annotator2, "?kind=to_label") == [("to_label", more.pk, None, 1)]


def test_work_to_label_given_by_hand_is_named_one_by_one_and_not_twice(house):
    given, free = task(house.project, text="Given"), task(house.project, text="Free")
    assignments.assign([given], [house.annotator], "AN")

    assert sorted(told(house.annotator, "?kind=to_label")) == [
        ("to_label", given.pk, None, 1),
        ("to_label", free.pk, None, 1),
    ]


def test_what_came_back_to_anyone_is_also_its_authors_again(house):
    AnnotationReviewService(house.reviewer).reopen(house.annotation, to="anyone")
    assert told(house.annotator, "?kind=to_label") == [("to_label", house.task.pk, None, 1)]


def test_a_contested_rejection_waits_for_another_reviewer_and_names_nobody(house):
    returned(house)
    AnnotationReviewService(house.annotator).contest(house.annotation, reason="It is an A")

    assert told(house.reviewer2, "?kind=disputes") == [("disputes", house.task.pk, house.annotation.pk, 1)]
    assert told(house.reviewer, "?kind=disputes") == []
    assert house.reviewer.email not in str(inbox(house.reviewer2))


def test_a_comment_waits_until_it_is_answered(house):
    said = (
        client_of(house.reviewer)
        .post("/api/comments/", {"annotation": house.annotation.pk, "text": "Sure?"})
        .json()
    )
    item = inbox(house.annotator, "?kind=comments")["results"][0]
    assert (item["about"], item["text"]) == (said["id"], "Sure?")
    assert item["link"].endswith(f"/projects/{house.project.pk}/label/?task={house.task.pk}")

    client_of(house.annotator).post("/api/comments/", {"annotation": house.annotation.pk, "text": "Yes"})

    assert told(house.annotator, "?kind=comments") == []
    assert [item["text"] for item in inbox(house.reviewer, "?kind=comments")["results"]] == ["Yes"]


def test_a_comment_waits_until_the_work_is_changed_or_it_is_resolved(house):
    reviewer, annotator = client_of(house.reviewer), client_of(house.annotator)
    reviewer.post("/api/comments/", {"annotation": house.annotation.pk, "text": "Sure?"})
    annotator.patch(f"/api/annotations/{house.annotation.pk}/", {"result": []})
    assert told(house.annotator, "?kind=comments") == []

    second = reviewer.post("/api/comments/", {"annotation": house.annotation.pk, "text": "Empty?"}).json()
    assert len(told(house.annotator, "?kind=comments")) == 1
    annotator.patch(f"/api/comments/{second['id']}/", {"is_resolved": True})
    assert told(house.annotator, "?kind=comments") == []


def test_corrections_wait_until_they_are_acknowledged(house):
    fix = reviewed(house.annotation, house.reviewer, "fixed_and_accepted")
    assert told(house.annotator) == [("corrections", house.task.pk, house.annotation.pk, 1)]
    assert inbox(house.annotator)["results"][0]["about"] == fix.review.pk

    client_of(house.annotator).post(f"/api/projects/{house.project.pk}/corrections/acknowledge/")
    assert told(house.annotator) == []


# --- whose inbox -------------------------------------------------------------------------------------


def test_somebody_paused_keeps_what_came_back_and_gets_nothing_new(house):
    task(house.project, text="Another")
    returned(house)
    pause(house)
    assert [kind for kind, *_ in told(house.annotator)] == ["returned"]


def test_closed_tasks_wait_for_nobody(house):
    returned(house)
    client_of(house.lead).post(f"/api/tasks/{house.task.pk}/close/", {"because": "A blot"})
    assert [told(who) for who in (house.annotator, house.reviewer, house.annotator2)] == [[], [], []]


def test_a_stranger_has_an_empty_inbox_and_no_look_into_projects(house):
    assert inbox(house.stranger)["results"] == []
    assert client_of(house.stranger).get(f"/api/inbox/?project={house.project.pk}").status_code == 404


@pytest.mark.parametrize("query", ["?kind=nothing", "?project=x"])
def test_an_unknown_filter_is_refused(house, query):
    assert client_of(house.reviewer).get(f"/api/inbox/{query}").status_code == 400


def test_what_waits_longest_comes_first_across_projects_in_pages(house):
    second = project(lead=house.lead, title="Digits")
    members.set_role(second, house.annotator, "AN")
    returned(house)
    newest = task(second, text="One")

    first_page, last_page = (
        inbox(house.annotator, "?page_size=1"),
        inbox(house.annotator, "?page_size=1&page=2"),
    )

    assert [item["kind"] for item in first_page["results"] + last_page["results"]] == ["returned", "to_label"]
    assert (first_page["count"], last_page["next"]) == (2, None)
    assert told(house.annotator, f"?project={second.pk}") == [("to_label", newest.pk, None, 1)]
    assert first_page["counts"] == {
        "returned": {"number": 1, "is_estimate": False},
        "disputes": {"number": 0, "is_estimate": False},
        "comments": {"number": 0, "is_estimate": False},
        "corrections": {"number": 0, "is_estimate": False},
        "to_review": {"number": 0, "is_estimate": False},
        "to_label": {"number": 1, "is_estimate": False},
        "total": {"number": 2, "is_estimate": False},
    }
    assert client_of(house.annotator).get("/api/inbox/counts/").json() == first_page["counts"]


# --- what it costs -----------------------------------------------------------------------------------


def asked_for(user, path: str = "/api/inbox/") -> int:
    client = client_of(user)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def fill(of, house, number: int) -> None:
    """One thing of each kind for `annotator` and `reviewer2`."""
    first = annotation(task(of, text=f"{number}"), house.annotator)
    reviewed(first, house.reviewer, "rejected", reject_action="requeue")
    contested = annotation(task(of, text=f"c{number}"), house.annotator)
    reviewed(contested, house.reviewer, "rejected", reject_action="remove")
    AnnotationReviewService(house.annotator).contest(contested, reason="No")
    fixed = annotation(task(of, text=f"f{number}"), house.annotator)
    reviewed(fixed, house.reviewer, "fixed_and_accepted")
    client_of(house.reviewer).post("/api/comments/", {"annotation": fixed.pk, "text": "See"})
    annotation(task(of, text=f"r{number}"), house.annotator)
    task(of, text=f"l{number}")


@pytest.mark.parametrize("who", ["annotator", "reviewer2", "lead"])
def test_the_inbox_costs_the_same_for_one_project_and_for_three(house, who):
    fill(house.project, house, 1)
    once = asked_for(getattr(house, who))
    for number in (2, 3):
        more = project(lead=house.lead, title=f"Project {number}")
        for name, role in (("annotator", "AN"), ("reviewer", "RE"), ("reviewer2", "RE")):
            members.set_role(more, getattr(house, name), role)
        fill(more, house, number)

    assert asked_for(getattr(house, who)) == once


def test_counts_stop_at_a_bound(house, monkeypatch):
    for module in ("kinds", "personal", "pools", "inbox"):
        monkeypatch.setattr(f"reviews.inbox.{module}.BOUND", 2)
    for number in range(3):
        task(house.project, text=f"{number}")
        reviewed(
            annotation(task(house.project, text=f"f{number}"), house.annotator),
            house.reviewer,
            "fixed_and_accepted",
        )

    body = inbox(house.annotator)

    assert body["counts"]["to_label"] == body["counts"]["corrections"] == {"number": 2, "is_estimate": True}
    assert body["counts"]["total"] == {"number": 4, "is_estimate": True}
    assert sorted((item["kind"], item["count"], item["count_is_estimate"]) for item in body["results"]) == [
        ("corrections", 1, False),
        ("corrections", 1, False),
        ("to_label", 2, True),
    ]
