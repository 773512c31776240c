"""What the server sends is what its OpenAPI document says: every documented GET, asked for real."""

import re

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import _WrappedReferencingError as WrappedReferencingError

from tasks.services import drafts
from tasks.services import tasks as task_service
from tests import checked
from tests.factories import client_of, result, reviewed

# Pages and files, or documented as any object.
NOT_JSON = ("/api/schema/", "/download/", "/export/", "/convert/")


@pytest.fixture(scope="module")
def document():
    return checked.document()


@pytest.fixture
def full(house):
    """A house in which no list is empty. Path parameter → a value that exists."""
    client = client_of(house.lead)
    decision = reviewed(house.annotation, house.reviewer, comment="Good")
    draft = drafts.save(house.task, actor=house.admin, result=result())
    prediction = task_service.save_prediction(house.task, actor=house.lead, result=result(), score=0.5)
    hook = client.post(
        "/api/webhooks/", {"project": house.project.pk, "url": "http://127.0.0.1:9/hook"}
    ).json()
    view = client.get(f"/api/dm/views/?project={house.project.pk}").json()[0]
    comment = client.get(f"/api/comments/?annotation={house.annotation.pk}").json()[0]
    return {
        "/api/users/": house.reviewer.pk,
        "/api/projects/": house.project.pk,
        "/api/projects/roles/": house.membership(house.reviewer).pk,
        "/api/tasks/": house.task.pk,
        "/api/annotations/": house.annotation.pk,
        "/api/annotation-reviews/": decision.review.pk,
        "/api/annotation-history/": house.annotation.current_version_id,
        "/api/drafts/": draft.pk,
        "/api/predictions/": prediction.pk,
        "/api/comments/": comment["id"],
        "/api/webhooks/": hook["id"],
        "/api/dm/views/": view["id"],
        "task": house.task.pk,
        "annotation": house.annotation.pk,
    }


def urls_of(document, full, project: int):
    """Every documented GET whose parameters we have a value for."""
    for path, operations in document["paths"].items():
        answer = operations.get("get", {}).get("responses", {}).get("200")
        if answer is None or any(part in path for part in NOT_JSON):
            continue
        url = path
        for name in re.findall(r"{(\w+)}", path):
            before = url.partition("{")[0]
            value = full.get(before) or full.get(name.removesuffix("_pk").removesuffix("_id"))
            url = url.replace("{" + name + "}", str(value), 1) if value else url
        if "{" not in url:
            yield path, f"{url}?project={project}", answer


def problems_of(body, schema, document) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document["components"]})
    try:
        return [
            f"{'.'.join(map(str, e.absolute_path))} {e.message[-100:]}" for e in validator.iter_errors(body)
        ]
    except WrappedReferencingError as error:
        return [f"names a schema that is not there: {str(error)[:60]}"]


def test_every_documented_get_answers_as_documented(house, full, document):
    client = client_of(house.admin)
    wrong, asked = [], 0

    for path, url, documented in urls_of(document, full, house.project.pk):
        answer = client.get(url)
        schema = documented.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or answer.status_code in (400, 404):
            continue
        asked += 1
        wrong += [f"{path}: {problem}" for problem in problems_of(answer.json(), schema, document)]

    assert not wrong, "\n".join(wrong[:40])
    assert asked >= 30


def test_values_that_an_enum_does_not_name_are_refused(house, full, document):
    client, wrong, asked = client_of(house.admin), [], 0

    for path, url, _ in urls_of(document, full, house.project.pk):
        for parameter in document["paths"][path]["get"].get("parameters", ()):
            schema = parameter["schema"]
            is_closed = schema.get("type") in ("boolean", "integer") or "enum" in schema.get("items", schema)
            if parameter["in"] == "query" and is_closed:
                asked += 1
                answer = client.get(f"{url}&{parameter['name']}=nonsense")
                wrong += [f"{path} {parameter['name']}"] if answer.status_code == 200 else []

    assert not wrong, "\n".join(wrong)
    assert asked >= 30


def test_uploaded_files_are_described_with_the_types_that_they_are_sent_with(document):
    (path,) = (path for path in document["paths"] if path.startswith("/data/upload/"))
    described = document["paths"][path]["get"]["responses"]

    for status in ("200", "206"):
        sent = described[status]["content"].keys()
        assert {"image/png", "application/pdf", "text/csv", "audio/mpeg"} <= sent


def test_closed_options_of_an_import_are_enums(document):
    sent = document["paths"]["/api/projects/{id}/reimport/"]["post"]["parameters"]
    choices = {parameter["name"]: parameter["schema"].get("enum") for parameter in sent}

    assert (choices["on_duplicate"], choices["match_on"]) == (["error", "skip", "update"], ["id", "data"])
    assert "commit_to_project" not in choices
