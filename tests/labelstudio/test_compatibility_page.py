"""What the page says of calls that Label Studio's SDK does not make, each made as its own clients make it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.factories import House, client_of, result, task

PAGE = Path(__file__).parents[2] / "docs/reference/label-studio-compatibility.md"
ROW = re.compile(r"^\| `([A-Z]+) (/[^`]+)` \| (works|differs|absent) \| (.*) \|$", re.MULTILINE)
COUNTS = re.compile(r"^(\d+) of these calls work, (\d+) differ, (\d+) are absent\.", re.MULTILINE)
ROWS = [((verb, path), state, why) for verb, path, state, why in ROW.findall(PAGE.read_text())]

Check = Callable[[Any, House], bool]
# What is sent, and whether the answer is what a client of Label Studio reads from it.
CALLS: dict[tuple[str, str], tuple[Any, Check]] = {
    ("POST", "/api/projects/"): ({}, lambda got, h: got["title"] == "New Project #2"),
    ("GET", "/api/projects/{project}/?include=id"): (None, lambda got, h: got == {"id": h.project.pk}),
    ("GET", "/api/projects/?filter=pinned_only"): (None, lambda got, h: got["results"] == []),
    ("GET", "/api/projects/?filter=exclude_pinned&ordering=created_at"): (
        None,
        lambda got, h: got["results"][0]["pinned_at"] is None,
    ),
    ("GET", "/api/projects/{project}/tasks/?page_size=-1"): (None, lambda got, h: got[-1]["id"] == h.task.pk),
    ("POST", "/api/projects/{project}/tasks/"): (
        {"data": {"text": "new"}},
        lambda got, h: got["data"] == {"text": "new"} and got["project"] == h.project.pk,
    ),
    ("GET", "/api/projects/{project}/next/"): (None, lambda got, h: got["id"] != h.task.pk),
    ("POST", "/api/dm/actions?id=next_task&project={project}"): ({}, lambda got, h: "queue" in got),
    ("GET", "/api/projects/{project}/label-stream-history/"): (None, lambda got, h: isinstance(got, list)),
    ("GET", "/api/projects/{project}/model-versions/"): (None, lambda got, h: got == {}),
    ("GET", "/api/projects/{project}/model-versions/?extended=true"): (
        None,
        lambda got, h: got == {"static": [], "live": None},
    ),
    ("DELETE", "/api/projects/{project}/model-versions/"): (
        {"model_version": "m1"},
        lambda got, h: got == {"deleted_predictions": 0},
    ),
    ("GET", "/api/projects/{project}/summary/"): (
        None,
        lambda got, h: got["all_data_columns"].keys() == {"text"} and "created_labels" in got,
    ),
    ("POST", "/api/projects/validate/"): ({"label_config": "<View/>"}, lambda got, h: got is None),
    ("POST", "/api/projects/{project}/reimport/"): (
        {"file_upload_ids": []},
        lambda got, h: "task_count" in got or got["status_code"] == 400,
    ),
    ("GET", "/api/projects/{project}/file-uploads/"): (None, lambda got, h: got == []),
    ("POST", "/api/tasks/{task}/drafts/"): (
        {"result": result("A")},
        lambda got, h: got["user"] == h.lead.email and got["annotation"] is None,
    ),
    ("GET", "/api/tasks/{task}/drafts/"): (None, lambda got, h: got[0]["user"] == h.lead.email),
    ("POST", "/api/tasks/{task}/annotations/{annotation}/drafts/"): (
        {"result": result("A")},
        lambda got, h: got["annotation"] == h.annotation.pk,
    ),
    ("GET", "/api/dm/columns?project={project}"): (
        None,
        lambda got, h: got["columns"][0]["target"] == "tasks",
    ),
    ("GET", "/api/dm/project?project={project}"): (None, lambda got, h: "task_count" in got),
    ("GET", "/api/dm/actions?project={project}"): (None, lambda got, h: {"id", "title"} <= got[0].keys()),
    ("GET", "/api/tasks?project={project}&page=1&page_size=-1&fields=all&include=id&resolve_uri=True"): (
        None,
        lambda got, h: {"id": h.task.pk} in got["tasks"] and got["total"] == 3,
    ),
    ("GET", "/api/ml/?project={project}"): (None, lambda got, h: got == []),
    ("GET", "/api/label_links?project={project}"): (None, lambda got, h: got["results"] == []),
    ("GET", "/api/templates/"): (None, lambda got, h: got["templates"] == []),
    ("GET", "/health"): (None, lambda got, h: got == {"status": "UP"}),
}


def test_the_page_counts_its_rows():
    states = [state for _, state, _ in ROWS]

    assert COUNTS.findall(PAGE.read_text()) == [
        tuple(str(states.count(state)) for state in ("works", "differs", "absent"))
    ]
    assert [call for call, state, why in ROWS if state != "works" and not why.strip()] == []


def test_every_row_that_is_not_absent_is_called():
    assert CALLS.keys() == {call for call, state, _ in ROWS if state != "absent"}


def test_calls_answer_as_the_page_says(house):
    task(house.project)
    wrong = []
    # In their order: what one creates the next may read.
    for (verb, path), (sent, check) in CALLS.items():
        status, got = called(house, verb, path, sent)
        if status >= 500 or not check(got, house):
            wrong.append(f"{verb} {path}: {status} {str(got)[:200]}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("call", [call for call, state, _ in ROWS if state == "absent"], ids=" ".join)
def test_absent_calls_say_so(house, call):
    status, got = called(house, *call, {})

    assert status in (404, 405)
    assert got["detail"]


def called(house: House, verb: str, path: str, sent: Any) -> tuple[int, Any]:
    url = path.format(project=house.project.pk, task=house.task.pk, annotation=house.annotation.pk)
    answer = getattr(client_of(house.lead), verb.lower())(url, sent, format="json" if verb != "GET" else None)
    return answer.status_code, answer.json() if answer.content else None
