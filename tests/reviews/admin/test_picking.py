"""Tasks are filtered by their answer in the admin, and a lead picks it."""

import pytest
from django.urls import reverse

from tasks.models import Task
from tests import factories
from tests.reviews.admin.test_actions import act, messages_of

TASKS = reverse("admin:tasks_task_changelist")


@pytest.fixture
def conflict(house) -> factories.House:
    house.second = factories.annotation(house.task, house.annotator2, "B")
    for annotation in (house.annotation, house.second):
        factories.reviewed(annotation, house.reviewer)
    return house


def final(house) -> tuple[str, int | None]:
    task = Task.objects.get(pk=house.task.pk)
    return task.final_state, task.final_annotation_id


def test_tasks_are_filtered_by_their_answer(conflict, lead_client):
    other = factories.task(conflict.project)

    listed = {
        state: [
            row.pk for row in lead_client.get(f"{TASKS}?final_state__exact={state}").context["cl"].result_list
        ]
        for state in ("conflict", "not_reviewed", "gold")
    }

    assert listed == {"conflict": [conflict.task.pk], "not_reviewed": [other.pk], "gold": []}


def test_a_lead_picks_answers_and_sees_what_is_refused(conflict, lead_client):
    unreviewed = factories.annotation(factories.task(conflict.project), conflict.annotator)

    answer = act(lead_client, "pick", [conflict.second, unreviewed])

    assert final(conflict) == ("gold", conflict.second.pk)
    assert messages_of(answer) == [
        "Picked: 1 answer.",
        "Not changed, 1: Only an accepted or fixed annotation can be the answer.",
    ]


def test_two_annotations_of_one_task_cannot_be_picked(conflict, lead_client):
    answer = act(lead_client, "pick", [conflict.annotation, conflict.second])

    assert final(conflict) == ("conflict", None)
    assert "a task has only one answer" in messages_of(answer)[0]
