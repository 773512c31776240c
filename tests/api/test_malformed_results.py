"""A result that no reader could work with is refused at every door, and nothing is stored."""

import json

import pytest

from tasks.models import Draft, Prediction
from tests.factories import client_of, result
from tests.snapshots import everything

REGION = result()[0]
MALFORMED = {
    "a huge number": (REGION | {"value": {"width": 10**350}}, "result[0].value.width: must be a number"),
    "a number beyond the bounds": (
        REGION | {"value": {"points": [[1, 1e10]]}},
        "result[0].value.points[0][1]",
    ),
    "a number in meta": (REGION | {"meta": {"n": -2_000_000_000}}, "result[0].meta.n"),
    "a control that is a list": (REGION | {"from_name": ["letter"]}, "result[0].from_name: must be a text"),
    "an object that is a number": (REGION | {"to_name": 1}, "result[0].to_name"),
    "a type that is an object": (REGION | {"type": {}}, "result[0].type"),
    "an id that is a number": (REGION | {"id": 7}, "result[0].id"),
    "an id that is nothing": (REGION | {"id": None}, "result[0].id"),
    "a region that is nothing": (None, "result[0]: must be a region"),
}
FINE = {
    "a relation": {"type": "relation", "from_id": "a", "to_id": "b"},
    "an interval of a time series": REGION | {"value": {"start": 1592250751951.8, "end": 1592250752000}},
    "the time of a message": REGION
    | {"value": {"chatmessage": {"content": "Hi", "createdAt": 1757612212681}}},
    "a time in a widget": REGION | {"value": {"reactcode": {"clicks": [{"at": 1757612212681}]}}},
    "a billion": REGION | {"value": {"number": -1e9}},
}


def doors(house):
    """Where a result comes in: who sends what where."""
    prediction = Prediction.objects.create(task=house.task, project=house.project, result=[])
    draft = Draft.objects.create(task=house.task, user=house.annotator)
    task, annotation = f"/api/tasks/{house.task.pk}", f"/api/annotations/{house.annotation.pk}"
    fix = {"annotation": house.annotation.pk, "accepted": True}
    return {
        "submit": ("annotator2", "post", f"{task}/annotations/", {}),
        "edit": ("annotator", "patch", f"{annotation}/", {}),
        "bulk": ("lead", "post", "/api/annotations/bulk/", {"tasks": [house.task.pk]}),
        "draft": ("annotator", "post", f"{task}/drafts/", {}),
        "draft of an annotation": (
            "annotator",
            "post",
            f"{task}/annotations/{house.annotation.pk}/drafts/",
            {},
        ),
        "saved draft": ("annotator", "patch", f"/api/drafts/{draft.pk}/", {}),
        "fix": ("reviewer", "post", f"{annotation}/fix-and-accept/", {}),
        "review": ("reviewer", "post", "/api/annotation-reviews/", fix),
        "prediction": ("lead", "post", "/api/predictions/", {"task": house.task.pk}),
        "changed prediction": ("lead", "patch", f"/api/predictions/{prediction.pk}/", {}),
    }


@pytest.mark.parametrize(("region", "names"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_result_is_refused_at_every_door(house, region, names):
    sent = doors(house)
    before = everything()

    for door, (who, method, url, body) in sent.items():
        answer = getattr(client_of(getattr(house, who)), method)(url, body | {"result": [region]})
        said = answer.json()
        assert (door, answer.status_code) == (door, 400)
        assert names in said["validation_errors"]["result"][0], door

    assert everything() == before


@pytest.mark.parametrize("region", FINE.values(), ids=FINE)
def test_what_editors_write_is_taken_at_every_door_of_annotators(house, region):
    sent = doors(house)

    for door in ("submit", "edit", "draft", "saved draft"):
        who, method, url, body = sent[door]
        answer = getattr(client_of(getattr(house, who)), method)(url, body | {"result": [region]})
        assert (door, answer.status_code // 100) == (door, 2)


@pytest.mark.parametrize(("region", "names"), MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("kind", ["annotations", "predictions"])
def test_an_import_names_task_and_field(house, region, names, kind):
    file = [{"data": {"text": "a"}}, {"data": {"text": "b"}, kind: [{"result": [REGION, region]}]}]
    before = everything()

    answer = client_of(house.lead).post(f"/api/projects/{house.project.pk}/import", file)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_import")
    assert f"task 2: {kind}[0].{names.replace('result[0]', 'result[1]')}" in answer.json()["detail"]
    assert everything() == before


def test_the_same_for_the_verdicts_of_an_import(house):
    bad = [REGION | {"from_name": 5}]
    review = {"accepted": True, "created_by": "a@b.org", "fixed_annotation_history_result": bad}
    file = [{"data": {"text": "b"}, "annotations": [{"result": [REGION], "reviews": [review]}]}]

    answer = client_of(house.lead).post(f"/api/projects/{house.project.pk}/import", file)

    field = "annotations[0].reviews[0].fixed_annotation_history_result[0].from_name"
    assert (answer.status_code, answer.json()["detail"]) == (400, f"task 1: {field}: must be a text.")


def test_every_text_that_cannot_be_stored_is_named(house):
    file = [{"text": "fine"}, {"n": {"deep": ["x\0y"]}}, {"data": {"text": "c"}, "meta": {"k\0": 1}}]

    answer = client_of(house.lead).post(
        f"/api/projects/{house.project.pk}/import", json.dumps(file), content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_import")
    assert [one["task"] for one in answer.json()["errors"]] == [2, 3]
    paths = [one["path"] for one in answer.json()["errors"]]
    assert (paths[0], "'k\\x00'" in paths[1]) == ("[1].n.deep[0]", True)


def test_predictions_stored_before_the_check_become_no_annotations(house):
    for bad in (result("B"), [REGION | {"from_name": []}]):
        Prediction.objects.create(task=house.task, project=house.project, result=bad)
    url = f"/api/dm/actions?id=predictions_to_annotations&project={house.project.pk}"

    answer = client_of(house.lead).post(url, {"selectedItems": {"all": True, "excluded": []}}).json()

    assert (answer["processed_items"], answer["refused"]) == (1, {"malformed_result": 1})
