"""Saved tabs, flags and roles in the list of tasks."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import View
from tests.factories import annotation, client_of, reviewed, task
from tests.task_table import item

ALL = ["accepted", "rejected", "fixed", "untouched"]
A, R, F, U = ALL


def test_saved_view_is_listed_with_its_filter_and_order(house, table):
    filters = {"conjunction": "and", "items": [item("reviewed", "equal", True)]}
    view = View.objects.create(project=house.project, data={"filters": filters, "ordering": ["-tasks:id"]})

    body = client_of(house.reviewer).get(f"/api/tasks?view={view.pk}&resolve_uri=false").json()

    assert [row["id"] for row in body["tasks"]] == [table[F], table[A]]
    assert {key: value for key, value in body.items() if key != "tasks"} == {
        "total": 2,
        "total_annotations": 2,
        "total_predictions": 0,
    }


def test_row_shows_the_computed_columns(table, ask):
    row = ask(item("reviews_rejected", "greater", 0)).json()["tasks"][0]

    assert row["annotations_ids"] == str(table["annotation"])
    assert row["predictions_model_versions"] == "m1"
    assert (row["predictions_score"], row["avg_lead_time"], row["draft_exists"]) == (0.5, 20.0, False)
    assert json.loads(row["annotations_results"])[0]["value"] == {"choices": ["B"]}


def test_view_of_another_project_is_400(house, table):
    view = View.objects.create(project=house.project)

    answer = client_of(house.admin).get(f"/api/tasks/?view={view.pk}&project={house.project.pk + 1}")

    assert list(answer.json()["validation_errors"]) == ["view"]


@pytest.mark.parametrize(
    ("flags", "expected"), [("only_annotated=true", [A, R, F]), ("review=true", []), ("review=false", ALL)]
)
def test_flags_narrow_the_list(house, table, flags, expected):
    body = client_of(house.reviewer).get(f"/api/tasks/?project={house.project.pk}&{flags}").json()

    assert [row["id"] for row in body["tasks"]] == [table[name] for name in expected]


def test_review_lists_work_that_waits_for_a_verdict(house, table):
    waiting = annotation(task(house.project), house.annotator)

    body = client_of(house.reviewer).get(f"/api/tasks/?project={house.project.pk}&review=true").json()

    assert [row["id"] for row in body["tasks"]] == [waiting.task_id]


@pytest.mark.parametrize(
    "column", ["reviewed", "reviewers", "reviews_accepted", "reviewed_at", "comment_count", "annotators"]
)
def test_annotator_cannot_filter_or_order_by_what_they_do_not_see(house, ask, column):
    by_filter = ask(item(column, "empty", True), by=house.annotator)
    by_order = ask(by=house.annotator, ordering=[f"tasks:{column}"])

    assert (by_filter.status_code, by_order.status_code) == (400, 400)


def test_annotator_filters_by_rejects_and_by_their_own_work_only(house, found):
    theirs = item("annotations_results", "contains", '"B"')

    rejected = item("reviews_rejected", "greater", 0)

    assert found(rejected, by=house.annotator) == []
    assert found(rejected, by=house.annotator2) == [R]
    assert found(theirs, by=house.annotator) == []
    assert found(theirs, by=house.annotator2) == [R]


def test_stranger_finds_no_project(house, ask):
    assert ask(item("id", "greater", 0), by=house.stranger).status_code == 404


def test_query_without_a_project_is_400(house, table):
    answer = client_of(house.lead).get("/api/tasks/", {"query": "{}"})

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["project"])


def test_table_asks_the_same_number_of_questions_for_one_row_as_for_three(house):
    reviewed(house.annotation, house.reviewer)
    filters = {
        "conjunction": "or",
        "items": [item("reviewers", "empty", False), item("annotators", "empty", False)],
    }
    view = View.objects.create(
        project=house.project, data={"filters": filters, "ordering": ["tasks:avg_lead_time"]}
    )
    client, url = client_of(house.reviewer), f"/api/tasks/?view={view.pk}"
    counts = [_queries(client, url)]
    for author in (house.annotator, house.annotator2):
        reviewed(annotation(task(house.project), author), house.reviewer2, "rejected")
    counts.append(_queries(client, url))

    assert counts[0] == counts[1]


def _queries(client, url) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_view_that_keeps_everything_takes_its_total_from_the_stored_ones(house, table, monkeypatch):
    view = View.objects.create(project=house.project, data={"title": "Default"})
    monkeypatch.setattr("api.pagination.COUNT_LIMIT", 1)

    body = client_of(house.reviewer).get(f"/api/tasks/?view={view.pk}&page_size=1").json()

    assert (body["total"], body["total_annotations"], body["total_predictions"]) == (4, 3, 1)
    assert "total_is_estimate" not in body
