"""The answer of tasks and the versions of label configurations in the admin."""

import pytest
from django.urls import reverse

from tasks.models import LabelConfigVersion, Project, Task
from tests import factories
from tests.factories import CHOICES

from .test_projects import ADD, as_filled_in, page_of
from .test_review_actions import act, said

TASKS = reverse("admin:tasks_task_changelist")
NO_A = CHOICES.replace('<Choice value="A"/>', "")


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


def test_a_lead_picks_answers_and_hears_what_is_refused(conflict, lead_client):
    unreviewed = factories.annotation(factories.task(conflict.project), conflict.annotator)

    answer = act(lead_client, "pick", [conflict.second, unreviewed])

    assert final(conflict) == ("gold", conflict.second.pk)
    assert said(answer) == [
        "Picked: 1 answer.",
        "Left as they are, 1: Only an annotation that stands accepted or fixed can be the answer.",
    ]


def test_one_task_gets_no_two_answers(conflict, lead_client):
    answer = act(lead_client, "pick", [conflict.annotation, conflict.second])

    assert final(conflict) == ("conflict", None)
    assert "a task has one answer" in said(answer)[0]


def test_a_projects_page_lists_its_label_configurations(house, lead_client):
    lead_client.post(
        page_of(house.project),
        as_filled_in(lead_client, page_of(house.project), label_config="<View>  </View>", force="on"),
    )

    page = lead_client.get(page_of(house.project)).content.decode()

    assert LabelConfigVersion.objects.filter(project=house.project).count() == 2
    assert "newest label configurations" in page.lower()
    assert "&lt;View&gt;  &lt;/View&gt;" in page


def test_a_label_in_use_is_dropped_by_force_only(house, lead_client):
    page = page_of(house.project)

    refused = lead_client.post(page, as_filled_in(lead_client, page, label_config=NO_A))
    kept = Project.objects.get(pk=house.project.pk).label_config
    forced = lead_client.post(page, as_filled_in(lead_client, page, label_config=NO_A, force="on"))

    assert list(refused.context["adminform"].form.errors) == ["label_config"]
    assert (kept, forced.status_code) == (CHOICES, 302)
    assert Project.objects.get(pk=house.project.pk).label_config == NO_A


def test_a_new_project_is_not_forced(lead_client, house):
    assert "force" not in lead_client.get(ADD).content.decode().lower().split("name=")

    answer = lead_client.post(ADD, as_filled_in(lead_client, ADD, title="New letters", label_config=CHOICES))

    assert answer.status_code == 302
    assert LabelConfigVersion.objects.get(project__title="New letters").number == 1
