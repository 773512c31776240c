"""Every tag of Label Studio: what is checked, what the diff sees, and the way in, through a review, out."""

import csv
import io
import json
import math
from typing import Any

import pytest

from exchange.exporting.formats import FORMATS, cell
from exchange.exporting.selection import Selection
from exchange.exporting.stream import export
from reviews.service import AnnotationReviewService
from tasks.diff import changes
from tasks.label_tags import CONTROLS, OBJECTS
from tasks.labelconfig import require_valid
from tasks.models import Annotation, Project
from tasks.result_problems import problems
from tasks.results import malformed_part, same_result
from tests import factories
from tests.exchange.shapes import ALL, DATA, NAMED
from tests.factories import client_of, verdicts_checked

# Undocumented, or the same by another name.
NOT_TRIED = {"Cube", "CustomInterface", "HTML", "OcrTokenLabels", "PdfOcr", "TableLabels"}


def test_every_tag_that_shows_or_answers_something_is_tried():
    assert {tag for tag in (*OBJECTS, *CONTROLS) if f"<{tag} " not in ALL} == NOT_TRIED


@pytest.mark.parametrize("shape", NAMED.values(), ids=NAMED)
def test_what_the_editor_writes_fits(shape):
    require_valid(shape.view)

    for result in (shape.result, shape.fixed_result):
        assert (problems(result, shape.view), malformed_part(result)) == ([], None)


def saved_again(value: Any) -> Any:
    """As another serialiser writes it: other digits at the end of a float, another order of the keys."""
    if isinstance(value, dict):
        return {key: saved_again(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [saved_again(one) for one in value]
    return math.nextafter(value, math.inf) if isinstance(value, float) else value


@pytest.mark.parametrize("shape", NAMED.values(), ids=NAMED)
def test_a_fix_is_one_change_and_noise_is_none(shape):
    noise = [saved_again(region) | {"origin": "prediction"} for region in reversed(shape.result)]

    assert same_result(shape.result, noise)
    assert changes(shape.result, noise) == []
    assert {change.kind.value for change in changes(shape.result, shape.fixed_result)} == shape.kinds
    assert len(changes(shape.result, shape.fixed_result)) == 1


# --- in, reviewed, out, and in again --------------------------------------------------------------

REASONS = [{"code": "sloppy", "text": "Not careful"}]
NAMES = list(NAMED)


def imported(project: Project, items: list[dict[str, Any]]) -> list[int]:
    """The ids of the tasks. There is nothing to warn of."""
    client = client_of(project.created_by)
    answer = client.post(f"/api/projects/{project.pk}/import?strict=true&return_task_ids=true", items)
    assert answer.status_code == 201, answer.json()
    report = client.get(f"/api/projects/{project.pk}/imports/{answer.json()['import']}/").json()["report"]
    assert report["result_problems"]["count"] == 0
    return answer.json()["task_ids"]


def exported(project: Project) -> list[dict[str, Any]]:
    return json.loads(as_text(project, "JSON"))


def as_text(project: Project, name: str) -> str:
    return b"".join(export(project, Selection(), FORMATS[name])[1]).decode()


def answers_of(name: str) -> list[dict[str, Any]]:
    """One that is fixed and one that is accepted or rejected."""
    shared = {"result": NAMED[name].result, "lead_time": 12.5, "created_at": "2026-01-02T10:00:00.000000Z"}
    return [shared | {"completed_by": {"email": f"{who}@example.org"}} for who in ("anna", "ben")]


def carried(task: dict[str, Any]) -> dict[str, Any]:
    """What another project gets of a task: everything but ids and the people and times of the import."""
    annotations = [
        {
            key: one[key]
            for key in ("completed_by_email", "result", "was_cancelled", "lead_time", "created_at")
        }
        | {key: one[key] for key in ("ground_truth", "last_action", "version", "result_count")}
        | {"reviews": [_review(review) for review in (*one["reviews"], *one["review_history"])]}
        for one in task["annotations"]
    ]
    counters = ("reviewed", "reviews_accepted", "reviews_rejected", "final_state", "total_annotations")
    return {key: task[key] for key in ("data", "meta", *counters)} | {"annotations": annotations}


def _review(review: dict[str, Any]) -> dict[str, Any]:
    results = ("result", "previous_annotation_history_result", "fixed_annotation_history_result")
    said = (
        "accepted",
        "verdict",
        "reject_action",
        "reason",
        "comment",
        "created_at",
        "outdated",
        "superseded",
    )
    return {key: review[key] for key in (*results, *said)} | {"by": review["created_by"]["email"]}


def test_every_tag_comes_back_from_a_review_as_it_was(db):
    first, second = (factories.project(label_config=ALL, reject_reasons=REASONS) for _ in range(2))
    reviewer = factories.member(first, factories.Role.REVIEWER, "rita")
    tasks = imported(first, [{"data": DATA | {"name": n}, "annotations": answers_of(n)} for n in NAMES])
    pairs = [list(Annotation.objects.filter(task=task).order_by("pk")) for task in tasks]
    service = AnnotationReviewService(reviewer)
    for (to_fix, _), name in zip(pairs, NAMES, strict=True):
        service.fix_and_accept(to_fix.pk, result=NAMED[name].fixed_result, comment=f"Look: {name}")
    service.accept_many([other.pk for _, other in pairs[::2]], comment="Good")
    service.reject_many([other.pk for _, other in pairs[1::2]], reason="sloppy", reject_action="remove")
    verdicts_checked()

    out = exported(first)
    assert_in_every_flat_format(first, out)
    imported(second, out)
    again = exported(second)

    for name, task, other in zip(NAMES, out, again, strict=True):
        fixed, decided = task["annotations"]
        assert (fixed["result"], fixed["reviews"][0]["comment"]) == (
            NAMED[name].fixed_result,
            f"Look: {name}",
        )
        assert fixed["reviews"][0]["previous_annotation_history_result"] == NAMED[name].result
        assert (decided["result"], len(decided["reviews"])) == (NAMED[name].result, 1)
        assert carried(other) == carried(task)


def assert_in_every_flat_format(project: Project, out: list[dict[str, Any]]) -> None:
    """JSON lines are the same tasks; rows keep each answer of each control, whichever file they are in."""
    assert [json.loads(line) for line in as_text(project, "JSONL").splitlines()] == out
    rows = json.loads(as_text(project, "JSON_MIN"))
    annotations = [annotation for task in out for annotation in task["annotations"]]
    assert [row["annotation_id"] for row in rows] == [annotation["id"] for annotation in annotations]
    for row, annotation in zip(rows, annotations, strict=True):
        for control, values in values_by_control(annotation["result"]).items():
            answers = row[control] if isinstance(row[control], list) else [row[control]]
            assert all(is_kept(*both) for both in zip(values, answers, strict=True)), (control, row[control])
    for name, delimiter in (("CSV", ","), ("TSV", "\t")):
        table = csv.DictReader(io.StringIO(as_text(project, name)), delimiter=delimiter)
        for cells, row in zip(table, rows, strict=True):
            assert row.keys() <= cells.keys()
            assert [key for key, text in cells.items() if text != as_cell(row.get(key))] == []


def as_cell(value: Any) -> str:
    return "" if (written := cell(value)) is None else str(written)


def values_by_control(result: list[dict[str, Any]]) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for region in result:
        if region.get("from_name"):
            values.setdefault(region["from_name"], []).append(region["value"])
    return values


def is_kept(value: Any, answer: Any) -> bool:
    """A single choice or text is written alone; beside other values there may be ids and sizes."""
    if not isinstance(answer, dict):
        return [answer] in value.values()
    return value.items() <= answer.items() if isinstance(value, dict) else value == answer["value"]
