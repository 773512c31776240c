"""Tasks in the admin: filters by counter, and every write through the service."""

import pytest
from django.urls import reverse

from tasks.choices import ActionType
from tasks.models import Task
from tests import factories

LIST = reverse("admin:tasks_task_changelist")
ADD = reverse("admin:tasks_task_add")


def listed(client, query: str) -> set[int]:
    return {row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list}


@pytest.fixture
def tasks(house) -> dict[str, Task]:
    named = {"plain": house.task}
    for name, verdict in {"accepted": ActionType.ACCEPTED, "rejected": ActionType.REJECTED}.items():
        named[name] = factories.task(house.project)
        factories.reviewed(factories.annotation(named[name], house.annotator), house.reviewer, verdict)
    named["empty"] = factories.task(house.project)
    return named


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("reviews_rejected=1", ["rejected"]),
        ("reviews_rejected=0", ["plain", "accepted", "empty"]),
        ("reviews_rejected=2", []),
        ("reviews_accepted=1", ["accepted"]),
        ("reviewed__exact=1", ["accepted"]),
        ("is_labeled__exact=0", ["empty"]),
        ("comments=none", ["plain", "accepted", "rejected", "empty"]),
        ("comments=open", []),
    ],
)
def test_filters_follow_the_counters(query, kept, tasks, lead_client):
    assert listed(lead_client, query) == {tasks[name].pk for name in kept}


def test_a_task_is_made_by_the_service(house, lead_client):
    data = {"project": house.project.pk, "data": '{"text": "New"}', "meta": ""}

    answer = lead_client.post(ADD, data)

    assert answer.status_code == 302
    made = Task.objects.get(data={"text": "New"})
    assert (made.inner_id, made.updated_by, made.meta) == (2, house.lead, {})


def test_no_task_is_made_elsewhere(house, elsewhere, lead_client):
    answer = lead_client.post(ADD, {"project": elsewhere.project.pk, "data": '{"text": "New"}', "meta": "{}"})

    assert list(answer.context["adminform"].form.errors) == ["project"]
    assert not Task.objects.filter(data={"text": "New"}).exists()


def test_new_data_outdates_the_verdict(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)
    page = reverse("admin:tasks_task_change", args=[house.task.pk])

    lead_client.post(
        page,
        {"data": '{"text": "Another"}', "meta": "{}", "overlap": 1, "allow_skip": "on", "external_id": ""},
    )

    house.annotation.refresh_from_db()
    house.task.refresh_from_db()
    assert house.task.data == {"text": "Another"}
    assert (house.annotation.last_action, house.annotation.standing_review_id, house.task.reviewed) == (
        "updated",
        None,
        False,
    )


@pytest.mark.parametrize("field", ["reviewed", "reviews_accepted", "inner_id", "unique_id"])
def test_counters_are_not_written_by_a_form(field, house, lead_client):
    page = reverse("admin:tasks_task_change", args=[house.task.pk])
    before = getattr(house.task, field)

    lead_client.post(page, {"data": '{"text": "Another"}', "meta": "{}", "overlap": 1, field: "7"})

    house.task.refresh_from_db()
    assert getattr(house.task, field) == before


def test_deleting_a_selection_of_two_projects_counts_in_both(house, elsewhere, admin_client):
    theirs, kept = elsewhere.project.tasks.first(), elsewhere.project.tasks.count() - 1
    data = {"action": "delete_selected", "_selected_action": [house.task.pk, theirs.pk], "post": "yes"}

    admin_client.post(LIST, data)

    assert Task.objects.filter(pk__in=[house.task.pk, theirs.pk], deleted_at=None).count() == 0
    rows = admin_client.get(reverse("admin:tasks_project_changelist")).context["cl"].result_list
    assert {row.pk: row.totals["tasks"] for row in rows} == {house.project.pk: 0, elsewhere.project.pk: kept}


def test_an_assignment_is_for_members_only(house, lead_client):
    add = reverse("admin:tasks_assignment_add")

    refused = lead_client.post(add, {"task": house.task.pk, "email": "stranger@example.org", "type": "AN"})
    taken = lead_client.post(add, {"task": house.task.pk, "email": "annotator@example.org", "type": "AN"})

    assert "Only members" in refused.content.decode()
    assert taken.status_code == 302
    assert [a.user for a in house.task.assignments.all()] == [house.annotator]
