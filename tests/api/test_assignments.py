"""Giving tasks to people by hand: one task, a selection, what filters find."""

from tasks.models import Assignment
from tests.factories import client_of, task


def at(house, path: str) -> str:
    return f"/api/projects/{house.project.pk}/{path}"


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
