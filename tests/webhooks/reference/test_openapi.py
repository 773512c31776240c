"""Every body is as its schema says, and the schemas are complete."""

import json

import pytest
from jsonschema import Draft202012Validator

from tests import checked
from tests.factories import annotation, reviewed, task
from webhooks.catalogue import CATALOGUE
from webhooks.management.commands.document_webhooks import FOLDER, SCHEMA
from webhooks.models import Event
from webhooks.reference import openapi, page


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads((FOLDER / SCHEMA).read_text())


def valid(body, schema: dict) -> list[str]:
    """What is wrong with it."""
    of_action = {"$ref": f"#/$defs/{body['action']}", "$defs": schema["$defs"]}
    return [error.message for error in Draft202012Validator(of_action).iter_errors(body)]


@pytest.fixture(scope="module")
def document():
    return checked.document()


@pytest.mark.parametrize("action", CATALOGUE)
def test_example_is_as_its_schema_says(action, schema):
    assert valid(openapi.examples()[action], schema) == []


def test_schema_refuses_what_is_not_so(schema):
    body = openapi.examples()["ANNOTATION_ACCEPTED"]

    assert valid({key: value for key, value in body.items() if key != "reviewer"}, schema)
    assert valid(body | {"event": "annotation_rejected"}, schema)
    assert valid(body | {"timestamp": None}, schema)


def test_bodies_of_other_days_are_as_the_schema_says(house, schema):
    """Too large to be sent whole, of a skipped task, and by a reviewer without a name."""
    long = [
        {
            "id": f"r{n}",
            "from_name": "letter",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["A"]},
        }
        for n in range(400)
    ]
    reviewed(annotation(task(house.project), house.annotator, result=long), house.reviewer)
    annotation(task(house.project), house.annotator, result=[], was_cancelled=True)
    house.reviewer2.first_name = ""
    house.reviewer2.save()
    reviewed(house.annotation, house.reviewer2, "rejected", comment="No.")

    bodies = [json.loads(event.body) for event in Event.objects.all()]

    assert any(body.get("truncated") for body in bodies)
    assert {json.dumps(body)[:80]: valid(body, schema) for body in bodies if valid(body, schema)} == {}


def test_openapi_has_every_event_with_schema_and_example(document):
    assert list(document["webhooks"]) == list(CATALOGUE)
    for action, item in document["webhooks"].items():
        content = item["post"]["requestBody"]["content"]["application/json"]
        assert content["example"]["action"] == action
        assert content["schema"]["properties"]["action"] == {"const": action}
        assert {header["name"] for header in item["post"]["parameters"]} == {
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        }


def test_openapi_refers_to_nothing_that_is_not_there(document):
    names = page._names(document["webhooks"])

    assert names
    assert names <= document["components"]["schemas"].keys()
