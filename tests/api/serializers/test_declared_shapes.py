"""A body is built by a plain function and declared by a serializer: the two may not drift apart."""

import json
from typing import Any

import pytest
from django.db.models import Model
from django.test import RequestFactory
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer, ModelSerializer

from api.serializers.annotations import (
    AnnotationBodySerializer,
    AnnotationSerializer,
    DraftSerializer,
    HistorySerializer,
    PredictionSerializer,
    annotation_body,
    history_rows,
)
from api.serializers.bodies import person_body
from api.serializers.decided import DecidedSerializer, decision_body
from api.serializers.reviews import CommentSerializer, ReviewSerializer
from api.serializers.task_rows import OneTaskSerializer, TableTaskSerializer
from api.serializers.tasks import TaskBodySerializer, TaskSerializer, expanded_person_body
from api.serializers.users import ExpandedPersonSerializer, PersonSerializer
from reviews import comments
from reviews.models import Comment, Review
from tasks.models import Annotation, Draft, History, Prediction, Task
from tasks.services import drafts
from tasks.services import tasks as task_service
from tests.factories import result, reviewed
from users.models import User
from users.sentences import in_english


@pytest.fixture
def rows(house) -> dict[type[Model], Model]:
    """One row of each model, with a value in as many fields as there can be, as read from the database."""
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted", comment="Too wide")
    comments.create(house.annotation, "Look again", actor=house.lead)
    drafts.save(house.task, actor=house.lead, result=result("B"), lead_time=3)
    task_service.save_prediction(house.task, actor=house.lead, result=result(), score=1)
    models = (Annotation, Task, Review, Comment, Draft, Prediction, User)
    found: dict[type[Model], Model] = {model: model.objects.order_by("pk").last() for model in models}
    return found | {History: history_rows(History.objects.order_by("pk")).last()}


def shown(serializer: type[BaseSerializer], row: Model, reader: User) -> dict[str, Any]:
    request = RequestFactory().get("/")
    request.user = reader
    return serializer(context={"request": request}).to_representation(row)


SHAPES = [
    (AnnotationBodySerializer, Annotation),
    (AnnotationSerializer, Annotation),
    (DraftSerializer, Draft),
    (PredictionSerializer, Prediction),
    (HistorySerializer, History),
    (ReviewSerializer, Review),
    (CommentSerializer, Comment),
    (TaskBodySerializer, Task),
    (TaskSerializer, Task),
    (TableTaskSerializer, Task),
    (OneTaskSerializer, Task),
]


@pytest.mark.parametrize(("serializer", "model"), SHAPES)
def test_a_body_has_the_keys_and_values_that_its_serializer_declares(house, rows, serializer, model):
    body, declared = shown(serializer, rows[model], house.lead), serializer()
    # Fields made from a column. The others are computed, and have no value on the row.
    columns = [name for name in declared.fields if name not in declared._declared_fields]
    rendered = {name: column_of(declared, name, rows[model]) for name in columns}

    assert list(body) == list(declared.fields)
    assert len(columns) >= 5
    assert {name: body[name] for name in columns} == json.loads(JSONRenderer().render(rendered))


def column_of(serializer: ModelSerializer, name: str, row: Model) -> Any:
    value = serializer.fields[name].get_attribute(row)
    return None if value is None else serializer.fields[name].to_representation(value)


@pytest.mark.parametrize(("serializer", "model"), SHAPES)
def test_a_body_holds_plain_json_only(house, rows, serializer, model):
    body = shown(serializer, rows[model], house.lead)

    assert json.loads(json.dumps(body, default=in_english)) == body


def test_a_decision_has_the_keys_that_its_serializer_declares(house):
    decision = reviewed(house.annotation, house.reviewer, "rejected", comment="No")

    body = decision_body(decision, house.reviewer)

    assert [*body, "notice"] == list(DecidedSerializer().fields)  # this outcome needs none
    assert list(body["last_created_by"]) == list(DecidedSerializer().fields["last_created_by"].fields)
    assert list(body["task"]) == list(DecidedSerializer().fields["task"].fields)
    assert json.loads(json.dumps(body, default=in_english)) == body


def test_people_have_the_values_that_their_serializers_declare(house):
    assert person_body(house.lead) == PersonSerializer(house.lead).data
    assert expanded_person_body(house.lead) == ExpandedPersonSerializer(house.lead).data


def test_the_body_of_an_annotation_is_built_once_until_it_changes(house):
    first = annotation_body(house.annotation)

    assert annotation_body(house.annotation) is first
    house.annotation.annotation_seq += 1
    assert annotation_body(house.annotation)["annotation_seq"] == first["annotation_seq"] + 1


def test_what_one_reader_is_shown_stays_out_of_the_shared_body(house):
    house.project.anonymize_annotations = True
    house.project.save()
    reader = User.objects.get(pk=house.reviewer.pk)

    shown(AnnotationSerializer, house.annotation, reader)

    body = annotation_body(house.annotation)
    assert body["completed_by"] == house.annotator.pk
    assert "allowed_actions" not in body
