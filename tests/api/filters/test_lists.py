"""Lists: filters on review state, pages, ordering, and a flat number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.views.tasks import TaskViewSet
from reviews import comments
from tasks.models import Project
from tasks.services import assignments, members
from tests.factories import annotation, client_of, project, reviewed, task
from users.capabilities import Role


@pytest.fixture
def mixed(house):
    """Three more tasks: one rejected, one fixed, one untouched. The first one is accepted."""
    reviewed(house.annotation, house.reviewer)
    rejected, fixed, untouched = (annotation(task(house.project), house.annotator) for _ in range(3))
    reviewed(rejected, house.reviewer, "rejected")
    reviewed(fixed, house.reviewer2, "fixed_and_accepted")
    return {
        "accepted": house.task.pk,
        "rejected": rejected.task_id,
        "fixed": fixed.task_id,
        "untouched": untouched.task_id,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("reviews_rejected__gte=1", ["rejected"]),
        ("reviews_accepted__gte=1", ["accepted", "fixed"]),
        ("reviewed=true", ["accepted", "fixed"]),
        ("reviewed=false", ["rejected", "untouched"]),
        ("last_action=rejected", ["rejected"]),
        ("last_action=accepted&last_action=fixed_and_accepted", ["accepted", "fixed"]),
        ("reviewer={reviewer}", ["accepted", "rejected"]),
        ("annotator={annotator2}", []),
        ("reviews_rejected=0&reviews_accepted=0", ["untouched"]),
        ("ordering=-reviews_rejected", ["rejected", "untouched", "fixed", "accepted"]),
        ("ordering=reviewed_at", ["accepted", "fixed", "rejected", "untouched"]),
    ],
)
def test_tasks_are_filtered_by_review_state(house, mixed, query, expected):
    query = query.format(reviewer=house.reviewer.pk, annotator2=house.annotator2.pk)

    body = client_of(house.reviewer).get(f"/api/tasks/?project={house.project.pk}&{query}").json()

    assert [task["id"] for task in body["tasks"]] == [mixed[name] for name in expected]
    assert body["total"] == (4 if query.startswith("ordering") else len(expected))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("last_action=rejected", ["rejected"]),
        ("reviewed=true", ["accepted", "rejected", "fixed"]),
        ("reviewer={reviewer2}", ["fixed"]),
        ("reviews_rejected__gte=1", ["rejected"]),
        ("reject_action=requeue", ["rejected"]),
        ("returned=true", ["rejected"]),
        ("completed_by={annotator}&ordering=-id", ["untouched", "fixed", "rejected", "accepted"]),
    ],
)
def test_annotations_are_filtered_by_review_state(house, mixed, query, expected):
    query = query.format(reviewer2=house.reviewer2.pk, annotator=house.annotator.pk)

    body = client_of(house.lead).get(f"/api/annotations/?{query}").json()

    assert [annotation["task"] for annotation in body["results"]] == [mixed[name] for name in expected]


@pytest.mark.parametrize(
    "query",
    [
        "last_action=perfect",
        "reviews_rejected__gte=many",
        "ordering=data",
        "project=x",
        "reviewed_at__gt=soon",
        "reviewed=maybe",
        "only_annotated=2",
        "config_outdated=sometimes",
    ],
)
def test_wrong_filter_value_is_400_naming_it(house, query):
    answer = client_of(house.reviewer).get(f"/api/tasks/?{query}")

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("annotation-reviews", "after_id=²"),
        ("annotation-history", "after_id=x"),
        ("comments", "projects=x"),
        ("comments", "projects=1,²"),
        ("annotation-reviews", "annotation=1.5"),
    ],
)
def test_wrong_value_in_a_plain_list_is_400_naming_it(house, path, query):
    answer = client_of(house.reviewer).get(f"/api/{path}/?{query}")

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == [query.partition("=")[0]]


def test_project_ids_that_are_no_numbers_are_refused(house):
    assert client_of(house.reviewer).get("/api/projects/?ids=²,x").status_code == 400


@pytest.mark.parametrize("path", ["annotation-reviews", "annotation-history", "comments"])
def test_filter_does_not_tell_an_invisible_annotation_from_none(house, path):
    stranger = client_of(house.stranger)

    answers = [stranger.get(f"/api/{path}/?annotation={pk}") for pk in (house.annotation.pk, 10**9)]

    assert [(a.status_code, a.json()) for a in answers] == [(200, [])] * 2


def test_pages_of_tasks_end_with_404(house, mixed):
    client = client_of(house.reviewer)
    url = f"/api/tasks/?project={house.project.pk}&page_size=3&page="

    pages = [client.get(url + str(number)) for number in (1, 2, 3)]

    assert [len(page.json().get("tasks", [])) for page in pages] == [3, 1, 0]
    assert [page.json().get("total") for page in pages] == [4, 4, None]
    assert (pages[2].status_code, pages[2].json()["detail"]) == (404, "Invalid page.")


def test_annotator_sees_only_rejects_of_the_review_columns(house, mixed):
    body = client_of(house.annotator).get(f"/api/tasks/{mixed['rejected']}/").json()

    assert body["reviews_rejected"] == 1
    assert not {"reviewed", "reviews_accepted", "reviewers", "reviewed_at"} & body.keys()


def test_one_task_says_what_its_row_in_the_table_says(house, mixed):
    client = client_of(house.lead)
    row = client.get(f"/api/tasks/?project={house.project.pk}&fields=all").json()["tasks"][0]

    one = client.get(f"/api/tasks/{row['id']}/").json()

    assert row.keys() - one.keys() == {"annotations_results", "predictions_results"}
    assert {k: v for k, v in one.items() if k != "annotations"} == {
        k: row[k] for k in one if k != "annotations"
    }


def test_one_task_names_the_author_of_each_annotation(house, mixed):
    one = client_of(house.reviewer).get(f"/api/tasks/{house.task.pk}/").json()
    listed = (
        client_of(house.reviewer).get(f"/api/tasks/?project={house.project.pk}&fields=all").json()["tasks"][0]
    )

    assert one["annotations"][0]["completed_by"]["email"] == "annotator@example.org"
    assert listed["annotations"][0]["completed_by"] == house.annotator.pk
    assert one["annotators"] == [
        {"user_id": house.annotator.pk, "annotated": True, "reviewed": True, "review": "accepted"}
    ]


@pytest.mark.parametrize(
    "url",
    [
        "/api/tasks/?project={project}",
        "/api/tasks/?project={project}&fields=all&reviews_rejected__gte=0",
        "/api/annotations/?project={project}",
        "/api/annotation-reviews/?project={project}",
        "/api/annotation-history/?project={project}",
        "/api/comments/?project={project}&expand_created_by=true",
        "/api/predictions/?project={project}",
        "/api/projects/",
        "/api/users/",
    ],
)
def test_list_asks_the_same_number_of_questions_for_one_row_as_for_three(house, url):
    client, url = client_of(house.reviewer), url.format(project=house.project.pk)
    reviewed(house.annotation, house.reviewer, comment="one")
    counts = [_queries(client, url)]
    for author in (house.annotator, house.annotator2):
        reviewed(annotation(task(house.project), author), house.reviewer2, "rejected", comment="more")
    counts.append(_queries(client, url))

    assert counts[0] == counts[1]


def _queries(client, url) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_list_that_takes_too_long_is_400_and_says_so(house, settings, monkeypatch):
    settings.STATEMENT_TIMEOUT_MS = 50
    slow = TaskViewSet.queryset.extra(where=["pg_sleep(0.2) IS NOT NULL"])
    monkeypatch.setattr(TaskViewSet, "queryset", slow)

    answer = client_of(house.reviewer).get("/api/tasks/")

    assert (answer.status_code, answer.json()["code"]) == (400, "too_slow")


def test_reviewer_is_offered_assigned_tasks_only_where_the_project_says_so(house):
    other = task(house.project)
    Project.objects.filter(pk=house.project.pk).update(review_only_manual_assignments=True)
    assignments.assign([house.task], [house.reviewer], "RE")
    url = f"/api/tasks/?project={house.project.pk}"

    def listed(user):
        body = client_of(user).get(url).json()
        return [row["id"] for row in body["tasks"]], body["total"]

    assert listed(house.reviewer) == ([house.task.pk], 1)
    assert listed(house.reviewer2) == ([], 0)
    assert listed(house.lead) == ([house.task.pk, other.pk], 2)
    assert client_of(house.reviewer2).get(f"/api/tasks/{house.task.pk}/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "tasks/?reviewed=true",
        "tasks/?project={project}&reviews_accepted__gte=1",
        "tasks/?ordering=-reviewed_at",
        "tasks/?comment_count__gt=0",
        "tasks/?project={project}&annotator=1",
        "tasks/?reviewer=1",
        "annotations/?reviews_accepted__gte=1",
    ],
)
def test_annotator_does_not_filter_by_the_work_of_others(house, mixed, path):
    answer = client_of(house.annotator).get("/api/" + path.format(project=house.project.pk))

    assert (answer.status_code, answer.json()["code"]) == (400, "not_for_annotators")


def test_refusal_names_what_an_annotator_may_use_instead(house):
    answer = client_of(house.annotator).get("/api/tasks/?reviews_accepted=1")

    assert answer.json()["validation_errors"] == {
        "reviews_accepted": [
            "reviews_accepted is about the work of others, which annotators are not told of."
            " Nearest: reviews_rejected counts the rejections of your own work."
        ]
    }


def test_annotator_filters_and_sorts_by_the_counts_of_their_own_work(house, mixed):
    annotation(house.task, house.annotator2, "B")
    client, about = client_of(house.annotator2), f"/api/tasks/?project={house.project.pk}"

    def listed(query):
        return [row["id"] for row in client.get(f"{about}&{query}").json()["tasks"]]

    assert listed("total_annotations__gte=1") == listed("is_labeled=true") == [house.task.pk]
    assert listed("only_annotated=true") == [house.task.pk]
    assert listed("ordering=-total_annotations")[0] == house.task.pk
    assert listed("reviews_rejected__gte=1") == []


def test_who_reviews_here_and_annotates_there_filters_each_by_what_they_see(house):
    reviewed(house.annotation, house.reviewer2, "rejected")
    other = project(lead=house.lead)
    members.set_role(other, house.reviewer, Role.ANNOTATOR)
    members.set_role(other, house.annotator, Role.ANNOTATOR)
    rejected = annotation(task(other), house.annotator)
    reviewed(rejected, house.lead, "rejected")
    client = client_of(house.reviewer)

    by_rejects = client.get("/api/tasks/?reviews_rejected__gte=1&ordering=-reviews_rejected").json()["tasks"]
    by_accepts = client.get("/api/tasks/?reviews_accepted=0").json()["tasks"]

    assert [row["id"] for row in by_rejects] == [house.task.pk]
    assert [row["id"] for row in by_accepts] == [house.task.pk]
    assert client.get(f"/api/tasks/?project={other.pk}&reviews_accepted=0").status_code == 400


def test_task_names_who_commented_on_it(house):
    comments.create_many([house.annotation], "Look again.", actor=house.reviewer)

    rows = client_of(house.lead).get("/api/tasks/", {"project": house.project.pk}).json()["tasks"]

    assert {row["id"]: row["comment_authors"] for row in rows}[house.annotation.task_id] == [
        house.reviewer.pk
    ]
