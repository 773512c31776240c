"""Members, roles, assignments, counts: what scripts do around a project."""

import pytest

from tasks.models import Assignment, Membership
from tests.factories import annotation, client_of, person, task


def at(house, path: str) -> str:
    return f"/api/projects/{house.project.pk}/{path}"


def test_a_manager_adds_a_person_they_know_as_annotator(house):
    answer = client_of(house.admin).post(at(house, "members"), {"user": house.stranger.pk})

    assert (answer.status_code, answer.json()) == (201, {"user": house.stranger.pk, "role": "AN"})
    assert house.membership(house.stranger).role == "AN"


def test_adding_a_member_again_keeps_their_role(house):
    answer = client_of(house.lead).post(at(house, "members"), {"user": house.reviewer.pk})

    assert answer.status_code == 201
    assert house.membership(house.reviewer).role == "RE"


@pytest.mark.parametrize(("who", "role"), [("stranger", "RE"), ("annotator", "MA")])
def test_somebody_becomes_what_is_asked(house, who, role):
    person = getattr(house, who)
    answer = client_of(house.admin).post(at(house, "members"), {"user": person.pk, "role": role})

    assert (answer.status_code, answer.json()) == (201, {"user": person.pk, "role": role})
    assert house.membership(person).role == role


@pytest.mark.parametrize(("who", "role"), [("reviewer", "AD"), ("lead", "AN")])
def test_a_role_that_nobody_can_have_here_is_refused(house, who, role):
    person = getattr(house, who)
    answer = client_of(house.admin).post(at(house, "members"), {"user": person.pk, "role": role})

    assert answer.status_code == 400
    assert house.membership(person).role != role


def test_a_manager_cannot_add_whom_they_do_not_know(house):
    answer = client_of(house.lead).post(at(house, "members"), {"user": house.stranger.pk})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_person")


@pytest.mark.parametrize("where", ["body", "query"])
def test_a_manager_takes_somebody_out(house, where):
    user = {"user": house.annotator2.pk}
    query, body = ("", user) if where == "body" else (f"?user={user['user']}", {})
    answer = client_of(house.lead).delete(at(house, f"members{query}"), body)

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Membership.objects.filter(**user).exists()


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("annotator", 403), ("stranger", 404)])
@pytest.mark.parametrize("path", ["members", "tasks/assignees"])
def test_only_managers_change_who_does_what(house, who, status, path):
    body = {"user": house.annotator.pk, "users": [], "type": "RE", "selectedItems": {"all": True}}

    assert client_of(getattr(house, who)).post(at(house, path), body).status_code == status


def test_members_come_in_pages_with_their_roles(house, django_assert_num_queries):
    client = client_of(house.lead)
    client.get(at(house, "members/paginated"))
    with django_assert_num_queries(5):
        body = client.get(at(house, "members/paginated?page_size=3")).json()

    assert body["count"] == 5
    assert [row["project_role"] for row in body["results"]] == ["MA", "RE", "RE"]
    assert client.get(at(house, "members/paginated?page=3")).status_code == 404


def test_who_annotated_in_a_project(house):
    annotation(house.task, house.annotator2)
    seen = {
        who: client_of(getattr(house, who)).get(at(house, "annotators")).json()
        for who in ("lead", "annotator")
    }

    assert [row["id"] for row in seen["lead"]] == [house.annotator.pk, house.annotator2.pk]
    assert [row["id"] for row in seen["annotator"]] == [house.annotator.pk]


def test_a_task_is_given_replaced_and_taken(house):
    client, path = client_of(house.lead), at(house, f"tasks/{house.task.pk}/assignees")
    given = client.post(path, {"type": "RE", "users": [house.reviewer.pk]})
    replaced = client.patch(path, {"type": "RE", "users": [house.reviewer2.pk]})
    listed = client.get(path).json()
    taken = client.delete(path, {"type": "RE"})

    assert (given.status_code, given.json()["assignee"]) == (201, house.reviewer.pk)
    assert replaced.json()["assignee"] == house.reviewer2.pk
    assert [row["assignee"] for row in listed] == [house.reviewer2.pk]
    assert taken.status_code == 204
    assert not Assignment.objects.exists()


def test_a_selection_of_tasks_is_given(house):
    others = [task(house.project) for _ in range(2)]
    body = {
        "type": "AN",
        "users": [house.annotator.pk],
        "selectedItems": {"all": True, "excluded": [house.task.pk]},
    }
    answer = client_of(house.lead).post(at(house, "tasks/assignees"), body)

    assert answer.status_code == 201
    assert answer.json() == {"assignments": 2, "async": False, "task_ids": [one.pk for one in others]}
    assert Assignment.objects.filter(type="AN", user=house.annotator).count() == 2


def test_tasks_are_given_to_members_only(house):
    body = {"type": "RE", "users": [house.stranger.pk], "selectedItems": {"all": True}}
    answer = client_of(house.lead).post(at(house, "tasks/assignees"), body)

    assert (answer.status_code, answer.json()["code"]) == (400, "no_member")


def test_tasks_are_given_by_filters(house):
    task(house.project)
    item = {"filter": "filter:tasks:total_annotations", "operator": "equal", "type": "Number", "value": 1}
    body = {"type": "RE", "users": [house.reviewer.pk], "filters": {"conjunction": "and", "items": [item]}}
    client, path = client_of(house.lead), at(house, "tasks/assignees")

    assert client.post(path, body | {"selectedItems": {"all": True}}).json()["task_ids"] == [house.task.pk]
    assert client.post(path, body | {"selectedItems": {"all": False}}).json()["task_ids"] == []


def test_counts_and_roles_of_the_projects_one_sees(house):
    assert client_of(house.annotator).get("/api/projects/counts/").json()["results"][0]["task_number"] == 1
    assert len(client_of(house.annotator).get("/api/projects/roles/").json()) == 5
    assert client_of(house.stranger).get("/api/projects/roles/").json() == []


def test_a_label_configuration_is_checked(house):
    client = client_of(house.annotator)

    assert client.post(at(house, "validate"), {"label_config": "<View/>"}).json()["label_config"] == "<View/>"
    assert client.post(at(house, "validate"), {"label_config": "<View>"}).status_code == 400


def test_a_task_is_made_under_its_project(house):
    answer = client_of(house.lead).post(at(house, "tasks"), {"data": {"text": "new"}})

    assert answer.status_code == 201
    assert answer.json()["project"] == house.project.pk


def test_the_version_is_open_to_anybody(client):
    body = client.get("/api/version").json()

    assert body["edition"] == "Community"
    assert body["label-studio-os-package"]["version"] == "1.23.2"


def test_one_result_for_many_tasks_and_many_deleted(house):
    others = [task(house.project) for _ in range(2)]
    client = client_of(house.annotator)
    made = client.post("/api/annotations/bulk/", {"tasks": [one.pk for one in others], "result": []})
    ids = [row["id"] for row in made.json()]
    gone = client.post("/api/annotations/bulk-delete/", {"ids": ids, "project": house.project.pk})

    assert (made.status_code, len(ids)) == (201, 2)
    assert gone.json() == {"deleted_count": 2}


def test_bulk_annotations_go_to_all_tasks_or_to_none(house):
    elsewhere = client_of(house.annotator).post(
        "/api/annotations/bulk/", {"tasks": [house.task.pk, 2**40], "result": []}
    )

    assert elsewhere.status_code == 400
    assert house.task.annotations.count() == 1


def test_nobody_deletes_somebody_elses_work_in_bulk(house):
    theirs = annotation(house.task, house.annotator2)
    body = {"ids": [house.annotation.pk, theirs.pk], "project": house.project.pk}
    answer = client_of(house.annotator).post("/api/annotations/bulk-delete/", body)
    theirs.refresh_from_db()

    assert answer.json() == {"deleted_count": 1}
    assert theirs.deleted_at is None


def test_the_history_of_a_project_comes_in_pages(house):
    annotation(house.task, house.annotator2)
    body = client_of(house.lead).get(at(house, "annotation-history?page_size=1")).json()

    assert (body["count"], len(body["results"])) == (2, 1)
    assert client_of(person("nobody")).get(at(house, "annotation-history")).status_code == 404
    assert len(client_of(house.annotator).get(at(house, "annotation-history")).json()["results"]) == 1


def test_an_import_can_be_asked_about(house):
    client = client_of(house.lead)
    made = client.post(at(house, "import?return_task_ids=1"), [{"text": "a"}]).json()
    body = client.get(at(house, f"imports/{made['import']}")).json()

    assert (body["status"], body["task_ids"]) == ("completed", made["task_ids"])
    assert client_of(house.annotator).get(at(house, f"imports/{made['import']}")).status_code == 403


def test_predictions_are_imported_for_tasks_of_the_project_only(house):
    client = client_of(house.lead)
    good, bad = [{"task": house.task.pk, "result": [], "score": 0.5}], [{"task": 2**40, "result": []}]

    assert client.post(at(house, "import/predictions"), good).json() == {"created": 1}
    assert client.post(at(house, "import/predictions"), good + bad).json()["code"] == "unknown_task"
    house.task.refresh_from_db()
    assert house.task.total_predictions == 1
