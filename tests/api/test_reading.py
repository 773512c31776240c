"""The REST API reads single values as imports do."""

from typing import Any

import pytest

from tasks.models import Annotation, Prediction, Task
from tests import factories
from tests.exchange.importing.files import answer, load, task_of
from tests.factories import client_of

RESULT = factories.result("B")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lead_time", "0.25"),
        ("lead_time", 3),
        ("was_cancelled", "false"),
        ("was_cancelled", "true"),
        ("was_cancelled", 1),
        ("started_at", 1609789589),
        ("started_at", "2026-01-31T12:00:00"),
        ("unique_id", "answer-17"),
        ("unique_id", "00000000000040008000000000000001"),
    ],
)
def test_an_annotation_is_the_same_by_both_doors(house, field, value):
    client_of(house.annotator2).post(
        f"/api/tasks/{house.task.pk}/annotations/", {"result": RESULT, field: value}
    )
    load([task_of(answer("B", **{field: value}))], factories.project())

    sent, imported = Annotation.objects.order_by("-pk")[1], Annotation.objects.latest("pk")
    assert sent.task == house.task
    assert getattr(imported, field) == getattr(sent, field)


@pytest.mark.parametrize("score", ["0.25", 1, None])
def test_a_prediction_is_the_same_by_both_doors(house, score):
    body: dict[str, Any] = {"result": RESULT, "score": score, "model_version": "m-1"}
    client_of(house.lead).post("/api/predictions/", body | {"task": house.task.pk})
    load([task_of(predictions=[body])], factories.project())

    sent, imported = Prediction.objects.order_by("pk")
    assert (imported.score, imported.result) == (sent.score, sent.result)


@pytest.mark.parametrize("meta", [{"a": 1}, ["a", 1]])
def test_a_task_is_the_same_by_both_doors(house, meta):
    body = {"data": {"text": "b"}, "meta": meta, "unique_id": "row 7", "external_id": "7", "allow_skip": "no"}
    client_of(house.lead).post("/api/tasks/", body | {"project": house.project.pk})
    load([body | {"annotations": []}], factories.project())

    sent, imported = Task.objects.filter(external_id="7").order_by("pk")
    for name in ("data", "meta", "unique_id", "allow_skip"):
        assert getattr(imported, name) == getattr(sent, name)
