"""The OpenAPI document as a whole: valid, and fit for generators of clients."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.checked import document
from tests.factories import client_of


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in it."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from parts(item)


def test_document_is_valid():
    assert [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_every_error_has_the_one_body():
    wrong = [
        f"{name} {status}"
        for name, operation in operations()
        for status, answer in operation["responses"].items()
        if status >= "4" and "$ref" not in answer and name != "GET /data/upload/{project}/{name}"
        if answer["content"]["application/json"]["schema"] != {"$ref": "#/components/schemas/Error"}
    ]
    missing = [
        name for name, operation in operations() if not {"400", "401", "404"} <= {*operation["responses"]}
    ]

    assert wrong == []
    assert missing == []


def test_credentials_are_alternatives():
    together = [
        name for name, operation in operations() for one in operation.get("security", []) if len(one) > 1
    ]

    assert together == []


def test_bodies_are_json():
    """A second kind of body beside a list of tasks is more than generated Python clients can send."""
    others = {
        name: kinds
        for name, operation in operations()
        if (kinds := [*operation.get("requestBody", {}).get("content", {"application/json": {}})])
        != ["application/json"]
    }

    assert others == {}
    assert document()["paths"]["/api/projects/{id}/import/"]["post"]["requestBody"]["required"]


def test_what_can_be_read_unchanged_says_so():
    silent = {
        name
        for name, operation in operations()
        if "304" in operation["responses"] and not {"after", "If-None-Match"} & names_of(operation)
    }

    assert silent == {"GET /data/upload/{project}/{name}"}


def names_of(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def test_regions_are_typed_wherever_there_is_a_result():
    untyped = {
        name
        for name, schema in document()["components"]["schemas"].items()
        if "Region" not in str(schema.get("properties", {}).get("result", "Region"))
    }

    assert untyped == set()


def test_ids_in_addresses_are_whole_numbers():
    names = ("id", "pk", "project_pk", "task_pk", "annotation_pk", "import_pk", "token_id")
    wrong = {
        f"{name} {parameter['name']}"
        for name, operation in operations()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path" and parameter["name"] in names
        if parameter["schema"]["type"] != "integer"
    }

    assert wrong == set()


def test_no_query_parameter_for_an_id_is_a_fraction():
    of_ids = ("project", "task", "annotation", "reviewer", "annotator", "completed_by", "created_by", "ids")
    wrong = {
        f"{name} {parameter['name']}"
        for name, operation in operations()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter["name"].rpartition("__")[2] in of_ids
        if "number" in (parameter["schema"].get("type"), parameter["schema"].get("items", {}).get("type"))
    }

    assert wrong == set()


def test_nothing_is_said_in_words_of_older_versions():
    for part in parts(document()):
        assert not isinstance(part.get("nullable"), bool)
        assert not (part.get("default") == "" and part.get("minLength"))


def test_every_operation_has_one_tag_of_its_resource():
    tags = {tuple(operation["tags"]) for _, operation in operations()}

    assert all(len(tag) == 1 for tag in tags)
    assert ("api",) not in tags
    assert 15 < len(tags) < 40


@pytest.mark.parametrize("name", ["review_settings", "assignment_settings"])
def test_settings_are_typed_both_ways(name):
    schemas = document()["components"]["schemas"]

    assert "Settings" in str(schemas["Project"]["properties"][name])
    assert "Settings" in str(schemas["ProjectChangeRequest"]["properties"][name])
    assert name not in schemas["ProjectChangeRequest"].get("required", [])
    assert "Settings" in str(schemas["PatchedProjectChangeRequest"]["properties"][name])


@pytest.mark.parametrize(
    ("asked", "kind"), [("", "application/vnd.oai.openapi"), ("?format=json", "application/json")]
)
def test_schema_is_sent_in_the_format_that_was_asked_for(house, asked, kind):
    answer = client_of(house.lead).get(f"/api/schema/{asked}")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.content.lstrip().startswith(b"{") == bool(asked)
