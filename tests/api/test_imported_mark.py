"""Imported work says so wherever it is shown: who imported it, beside the people that the file names."""

import json
from typing import Any

import pytest

from tasks.models import Annotation
from tasks.services import projects
from tests.factories import House, browser_of, client_of, result, reviewed


@pytest.fixture
def imported(house: House) -> Annotation:
    """The lead imports work with a verdict that the file signs with the owner's name."""
    signed = {"created_by": house.admin.email, "accepted": True, "created_at": "2026-01-02T10:00:00Z"}
    work = {"completed_by": house.annotator.email, "result": result(), "reviews": [signed]}
    body = [{"data": {"text": "a"}, "annotations": [work]}]
    answer = client_of(house.lead).post(f"/api/projects/{house.project.pk}/import", body)
    assert answer.status_code == 201, answer.json()
    return Annotation.objects.latest("pk")


def read(house: House, path: str) -> Any:
    answer = client_of(house.reviewer).get(path)
    assert answer.status_code == 200, answer.content
    return json.loads(b"".join(answer.streaming_content)) if answer.streaming else answer.json()


def test_reviews_history_annotation_and_export_name_the_importer(house, imported):
    lead, owner = house.lead.pk, house.admin.pk

    (review,) = read(house, f"/api/annotation-reviews/?annotation={imported.pk}")
    assert (review["created_by"], review["imported_by"]) == (owner, lead)
    rows = read(house, f"/api/annotation-history/?annotation={imported.pk}")
    assert [(row["action"], row["created_by"], row["imported_by"]) for row in rows] == [
        ("accepted", owner, lead),
        ("imported", lead, lead),
    ]
    assert read(house, f"/api/annotations/{imported.pk}/")["imported_by"] == lead
    opened = read(house, f"/api/projects/{house.project.pk}/review-queue/next?task={imported.task_id}")
    assert {opened["annotation"]["imported_by"], *(row["imported_by"] for row in opened["history"])} == {lead}
    exported = read(house, f"/api/projects/{house.project.pk}/export?exportType=JSON")[-1]["annotations"][0]
    (signed,) = exported["reviews"]
    assert (exported["imported_by"], signed["created_by"]["id"], signed["imported_by"]["id"]) == (
        lead,
        owner,
        lead,
    )


def test_admin_names_the_importer(house, imported):
    browser = browser_of(house.admin)

    for path in (f"annotation/{imported.pk}/change/", "review/"):
        app = "tasks" if path.startswith("annotation") else "reviews"
        assert house.lead.email in browser.get(f"/admin/{app}/{path}").content.decode()


def test_work_done_here_has_no_importer(house):
    made = reviewed(house.annotation, house.reviewer).annotation

    assert read(house, f"/api/annotations/{made.pk}/")["imported_by"] is None
    assert [r["imported_by"] for r in read(house, f"/api/annotation-reviews/?annotation={made.pk}")] == [None]
    assert {row["imported_by"] for row in read(house, f"/api/annotation-history/?annotation={made.pk}")} == {
        None
    }


def test_importer_has_a_pseudonym_where_people_have(house, imported):
    projects.update(house.project, {"anonymize_annotations": True}, actor=house.lead)

    shown = [
        read(house, f"/api/annotations/{imported.pk}/"),
        *read(house, f"/api/annotation-reviews/?annotation={imported.pk}"),
        *read(house, f"/api/annotation-history/?annotation={imported.pk}"),
        *read(house, f"/api/projects/{house.project.pk}/export?exportType=JSON")[-1]["annotations"],
    ]
    assert len({body["imported_by"] for body in shown}) == 1
    assert house.lead.pk not in {body["imported_by"] for body in shown}
