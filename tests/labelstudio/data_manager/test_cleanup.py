"""Actions that put a project in order: annotations from predictions, duplicates, ground truth marks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import Annotation, Prediction, Task
from tasks.services import assignments, drafts, projects, tasks
from tests.factories import annotation, client_of, gold, result, reviewed, task

EVERYTHING = {"selectedItems": {"all": True, "excluded": []}}


@pytest.fixture
def act(house):
    """act("remove_duplicates", by=…, **body): the answer to an action on every task."""

    def acted(name, *, by=None, **body):
        url = f"/api/dm/actions?project={house.project.pk}&id={name}"
        return client_of(by or house.lead).post(url, EVERYTHING | body, format="json")

    return acted


def predict(on: Task, label: str, version: str = "m1") -> Prediction:
    return tasks.save_prediction(on, actor=on.project.created_by, result=result(label), model_version=version)


def made_from_predictions() -> list[tuple]:
    return list(
        Annotation.objects.exclude(parent_prediction=None).values_list(
            "parent_prediction", "completed_by", "last_action"
        )
    )


@pytest.mark.parametrize("name", ["predictions_to_annotations", "remove_duplicates"])
@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("annotator", 403), ("stranger", 404)])
def test_tidying_is_for_managers(house, act, name, who, status):
    predict(house.task, "B")
    task(house.project)

    assert act(name, by=getattr(house, who)).status_code == status
    assert (made_from_predictions(), Task.objects.filter(deleted_at=None).count()) == ([], 2)


def test_no_model_answers_here(house, act):
    answer = act("retrieve_tasks_predictions")

    assert (answer.status_code, answer.json()["code"]) == (400, "no_ml_backend")


# --- annotations from predictions -------------------------------------------------------------------


def test_each_prediction_becomes_an_annotation_of_the_actor_once(house, act):
    first, second = predict(house.task, "B"), predict(task(house.project), "C")

    answer = act("predictions_to_annotations")

    assert (answer.status_code, answer.json()["processed_items"]) == (200, 2)
    expected = [(one.pk, house.lead.pk, "prediction") for one in (first, second)]
    assert made_from_predictions() == expected
    assert act("predictions_to_annotations").json()["processed_items"] == 0
    house.task.refresh_from_db()
    assert house.task.total_annotations == 2


@pytest.mark.parametrize(
    ("asked", "count"), [("m1", 1), ("m2", 1), (["m1", "m2"], 2), ("m9", 0), ([], 2), (None, 2)]
)
def test_model_version_chooses_the_predictions(house, act, asked, count):
    predict(house.task, "B", "m1")
    predict(house.task, "C", "m2")

    assert act("predictions_to_annotations", model_version=asked).json()["processed_items"] == count


@pytest.mark.parametrize("asked", [5, {"m": 1}, ["m1", 2]])
def test_model_version_of_another_shape_is_refused(house, act, asked):
    predict(house.task, "B")

    answer = act("predictions_to_annotations", model_version=asked)

    assert (answer.status_code, list(answer.json()["validation_errors"]), made_from_predictions()) == (
        400,
        ["model_version"],
        [],
    )


def test_one_prediction_that_does_not_fit_leaves_all_as_they_were(house, act):
    predict(house.task, "B")
    predict(task(house.project), "Z")
    projects.update(house.project, {"validate_results": True}, actor=house.lead)

    answer = act("predictions_to_annotations")

    assert (answer.status_code, answer.json()["code"], made_from_predictions()) == (400, "invalid_result", [])


def test_dialog_offers_the_models_there_are(house):
    predict(house.task, "B", "m2")
    predict(house.task, "C", "m1")

    listed = client_of(house.lead).get(f"/api/dm/actions?project={house.project.pk}").json()

    (offered,) = [one for one in listed if one["id"] == "predictions_to_annotations"]
    assert offered["dialog"]["form"][0]["fields"][0]["options"] == ["m1", "m2"]


# --- duplicates -------------------------------------------------------------------------------------


def left() -> set[int]:
    return set(Task.objects.filter(deleted_at=None).values_list("pk", flat=True))


def test_copies_without_work_are_removed(house, act):
    """The annotated one stays; so does what says something else."""
    for _ in range(2):
        task(house.project)
    other = task(house.project, text="Another letter")

    answer = act("remove_duplicates")

    assert (answer.status_code, answer.json()["processed_items"], answer.json()["refused"]) == (200, 2, {})
    assert left() == {house.task.pk, other.pk}


def test_copies_somebody_worked_on_stay_and_are_counted(house, act):
    annotated, drafted, assigned, idle = (task(house.project) for _ in range(4))
    annotation(annotated, house.annotator)
    drafts.save(drafted, actor=house.annotator, result=result("B"))
    assignments.assign([assigned], [house.annotator], "AN")

    answer = act("remove_duplicates")

    assert answer.json()["refused"] == {"worked_on": 3}
    assert left() == {house.task.pk, annotated.pk, drafted.pk, assigned.pk}
    assert idle.pk not in left()


def test_of_untouched_copies_the_one_with_predictions_stays(house, act):
    task(house.project, text="x", n=1)
    predicted = task(house.project, n=1, text="x")
    predict(predicted, "B")

    act("remove_duplicates")

    assert left() == {house.task.pk, predicted.pk}


def test_only_selected_tasks_are_compared(house, act):
    first, second = task(house.project, text="x"), task(house.project, text="x")

    act("remove_duplicates", selectedItems={"all": False, "included": [second.pk]})

    assert {first.pk, second.pk} < left()


# --- ground truth -----------------------------------------------------------------------------------


def test_ground_truth_marks_come_off_and_verdicts_stand(house, act):
    marked = gold(task(house.project), house.annotator2, marked_by=house.lead)
    reviewed(marked, house.reviewer2)
    before = marked.annotation_seq

    answer = act("delete_ground_truths", by=house.reviewer)

    assert (answer.status_code, answer.json()["processed_items"]) == (200, 1)
    marked.refresh_from_db()
    assert (marked.ground_truth, marked.deleted_at, marked.last_action) == (False, None, "accepted")
    assert (marked.annotation_seq, marked.updated_by) == (before + 1, house.reviewer)


def test_the_mark_on_own_work_stays(house, act):
    own = gold(task(house.project), house.reviewer, marked_by=house.lead)

    assert act("delete_ground_truths", by=house.reviewer).json()["processed_items"] == 0
    assert Annotation.objects.get(pk=own.pk).ground_truth


def test_annotators_take_no_marks_off(house, act):
    marked = gold(task(house.project), house.annotator2, marked_by=house.lead)

    assert act("delete_ground_truths", by=house.annotator).status_code == 403
    marked.refresh_from_db()
    assert marked.ground_truth


# --- cost -------------------------------------------------------------------------------------------


def prepare(house, number: int) -> None:
    for _ in range(number):
        predict(task(house.project), "B")
        gold(task(house.project), house.annotator, marked_by=house.reviewer)


@pytest.mark.parametrize("name", ["predictions_to_annotations", "remove_duplicates", "delete_ground_truths"])
def test_costs_the_same_queries_however_many_tasks(house, name):
    url, asked = f"/api/dm/actions?project={house.project.pk}&id={name}", []
    client = client_of(house.lead)
    for number in (1, 2):
        prepare(house, number)
        client.get("/api/current-user/whoami")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.post(url, EVERYTHING, format="json").json()["processed_items"] >= number
        asked.append(len(queries))

    assert asked[0] == asked[1]
