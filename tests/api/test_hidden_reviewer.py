"""While a rejection is contested, another reviewer learns on no path who signed it."""

import json
from typing import Any

import pytest

from reviews import comments
from reviews.service import AnnotationReviewService
from tests.factories import annotation, client_of, reviewed, task
from tests.reviews.steps import settings

NAMED = "Rosalind"


@pytest.fixture
def contested(house):
    """Rejected by `reviewer`, with comments, and contested; the label stream still hands the task out."""
    settings(house, maximum_annotations=2)
    house.reviewer.first_name = NAMED
    house.reviewer.save()
    comments.create(house.annotation, "Look at the serif", actor=house.reviewer)
    reviewed(house.annotation, house.reviewer, "rejected", comment="It is a B", reject_action="remove")
    AnnotationReviewService(house.annotator).contest(house.annotation, reason="It is an A")
    house.other = annotation(task(house.project), house.annotator)
    return house


def paths(house) -> list[str]:
    """Every address a reviewer reads an annotation, its task, its verdicts or its history by."""
    of_annotation, of_task, of_project = (
        f"annotation={house.annotation.pk}",
        f"task={house.task.pk}",
        house.project.pk,
    )
    review = house.annotation.reviews.get().pk
    rows = list(house.annotation.history.values_list("pk", flat=True))
    said = list(house.annotation.comments.values_list("pk", flat=True))
    query = json.dumps({"filters": {"conjunction": "and", "items": []}})
    return [
        f"/api/annotations/{house.annotation.pk}/",
        f"/api/annotations/?project={of_project}",
        f"/api/tasks/{house.task.pk}/",
        f"/api/tasks/{house.task.pk}/annotations/",
        f"/api/tasks/?project={of_project}",
        f"/api/tasks/?project={of_project}&fields=all",
        f"/api/tasks/?project={of_project}&query={query}",
        f"/api/annotation-reviews/?{of_annotation}",
        f"/api/annotation-reviews/?{of_task}",
        f"/api/annotation-reviews/{review}/",
        f"/api/annotation-history/?{of_annotation}",
        *(f"/api/annotation-history/{row}/" for row in rows),
        f"/api/projects/{of_project}/annotation-history/",
        f"/api/comments/?{of_annotation}",
        f"/api/comments/?{of_annotation}&expand_created_by=true",
        *(f"/api/comments/{one}/" for one in said),
        f"/api/projects/{of_project}/disputes/",
        f"/api/projects/{of_project}/disputes/records/",
        f"/api/projects/{of_project}/export/?exportType=JSON",
        f"/api/projects/{of_project}/export/?exportType=CSV",
        f"/api/projects/{of_project}/next/",
        f"/api/projects/{of_project}/review-queue/next/?queue=disputes",
        f"/api/projects/{of_project}/review-queue/next/?task={house.task.pk}",
        f"/api/annotations/{house.annotation.pk}/changes/",
    ]


def people_in(body: Any) -> set[int]:
    """Every id that a key of people names, wherever it stands."""
    if isinstance(body, list):
        return set().union(*(people_in(one) for one in body)) if body else set()
    if not isinstance(body, dict):
        return set()
    found = set()
    for name, value in body.items():
        if name in PEOPLE:
            found |= ids_of(value)
        found |= people_in(value)
    return found


PEOPLE = (
    "created_by",
    "completed_by",
    "updated_by",
    "last_created_by",
    "rejected_by",
    "decided_by",
    "undone_by",
    "reviewers",
    "comment_authors",
    "user",
    "user_id",
    "contested_by",
)


def ids_of(value: Any) -> set[int]:
    if isinstance(value, list):
        return set().union(*(ids_of(one) for one in value)) if value else set()
    if isinstance(value, dict):
        return {value[name] for name in ("id", "user_id") if name in value}
    return {value} if isinstance(value, int) else set()


def read(client, path: str) -> tuple[str, set[int]]:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    text = answer.getvalue().decode() if answer.streaming else answer.content.decode()
    return text, people_in(json.loads(text)) if text.startswith(("{", "[")) else set()


def traces(house, user) -> list[str]:
    """The paths on which `user` reads who rejected."""
    client, found = client_of(user), []
    for path in paths(house):
        text, people = read(client, path)
        if house.reviewer.pk in people or house.reviewer.email in text or NAMED in text:
            found.append(path)
    return found


def test_another_reviewer_traces_the_rejection_on_no_path(contested):
    assert traces(contested, contested.reviewer2) == []


def test_the_same_paths_name_the_reviewer_to_a_lead(contested):
    """So that the walk above is known to look where names are."""
    named = traces(contested, contested.lead)

    assert len(named) > 15


def test_reviewers_still_read_their_own_names(contested):
    assert f"/api/annotations/{contested.annotation.pk}/" in traces(contested, contested.reviewer)


def test_once_decided_the_names_are_there_again(contested):
    AnnotationReviewService(contested.reviewer2).accept(contested.annotation)

    body = (
        client_of(contested.reviewer2)
        .get(f"/api/annotation-reviews/?annotation={contested.annotation.pk}")
        .json()
    )

    assert [row["created_by"] for row in body if row["verdict"] == "rejected"] == [contested.reviewer.pk]


def dm_filter(column: str, user) -> str:
    item = {"filter": f"filter:tasks:{column}", "operator": "contains", "type": "List", "value": user.pk}
    return json.dumps({"filters": {"conjunction": "and", "items": [item]}})


def oracles(house) -> list[str]:
    first = house.reviewer.pk
    return [
        f"/api/tasks/?project={house.project.pk}&reviewer={first}",
        f"/api/annotations/?project={house.project.pk}&reviewer={first}",
        f"/api/annotation-reviews/?created_by={first}",
        f"/api/tasks/?project={house.project.pk}&query={dm_filter('reviewers', house.reviewer)}",
    ]


def found_by(house, user) -> list[int]:
    counted = []
    for path in oracles(house):
        body = client_of(user).get(path).json()
        counted.append(len(body if isinstance(body, list) else body.get("results", body.get("tasks"))))
    return counted


def test_no_filter_answers_who_rejected(contested):
    assert found_by(contested, contested.reviewer2) == [0, 0, 0, 0]
    assert found_by(contested, contested.lead) == [1, 1, 1, 1]
    assert found_by(contested, contested.reviewer) == [1, 1, 1, 1]


def test_sorting_by_reviewers_does_not_tell_either(contested):
    signed = annotation(task(contested.project), contested.annotator)
    reviewed(signed, contested.reviewer)
    order = json.dumps({"ordering": ["-tasks:reviewers"]})

    body = (
        client_of(contested.reviewer2).get(f"/api/tasks/?project={contested.project.pk}&query={order}").json()
    )

    rows = {row["id"]: row["reviewers"] for row in body["tasks"]}
    assert rows[contested.task.pk] == []
    assert [row["user_id"] for row in rows[signed.task_id]] == [contested.reviewer.pk]
