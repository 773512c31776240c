"""Four tasks, each in another state the table can show, and a client that filters them.

Fixtures of several folders.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reviews import comments
from tasks.choices import AssignmentType
from tasks.services import assignments, drafts, tasks
from tests.factories import House, annotation, client_of, result, reviewed, task

DATA = {
    "accepted": {
        "text": "A letter",
        "n": 5,
        "when": "2026-01-02T10:00:00Z",
        "ok": True,
        "a.b": "dot",
        'it\'s "q"': "quoted",
    },
    "rejected": {"text": "B note 100%", "n": "12", "when": "2026-03-01", "ok": False, "a": {"b": "deep"}},
    "fixed": {"text": "a_third\\one", "n": "many", "when": "soon", "5": "five"},
    "untouched": {"text": ""},
}


@pytest.fixture
def table(house) -> dict[str, Any]:
    return furnish(house)


def furnish(house: House) -> dict[str, Any]:
    """Name → task id. The letter of `house` is deleted, so that these four are all there are."""
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    made = {name: task(house.project, **data) for name, data in DATA.items()}
    accepted = annotation(made["accepted"], house.annotator, lead_time=10.0)
    rejected = annotation(made["rejected"], house.annotator2, "B", lead_time=20.0)
    fixed = annotation(made["fixed"], house.annotator)
    comments.create(accepted, "Look here", actor=house.reviewer)
    reviewed(accepted, house.reviewer)
    reviewed(rejected, house.reviewer2, "rejected")
    reviewed(fixed, house.reviewer, "fixed_and_accepted")
    tasks.save_prediction(
        made["rejected"], actor=house.lead, result=result("C"), score=0.5, model_version="m1"
    )
    drafts.save(made["untouched"], actor=house.reviewer, result=result("A"))
    assignments.assign([made["untouched"]], [house.reviewer2], AssignmentType.REVIEWER)
    return {name: one.pk for name, one in made.items()} | {"annotation": rejected.pk}


@pytest.fixture
def ask(house, table) -> Callable[..., Any]:
    """ask(items, by=…): the answer of the task list to a query of these filter items."""

    def asked(*items: dict[str, Any], by=None, conjunction="and", **query: Any) -> Any:
        filters = {"conjunction": conjunction, "items": list(items)}
        sent = {"project": house.project.pk, "query": json.dumps({"filters": filters, **query})}
        return client_of(by or house.lead).get("/api/tasks/", sent)

    return asked


@pytest.fixture
def found(table, ask) -> Callable[..., list[str]]:
    """The names of the tasks that a query finds, in its order."""
    names = {table[name]: name for name in DATA}

    def names_of(*items: dict[str, Any], **asked: Any) -> list[str]:
        answer = ask(*items, **asked)
        assert answer.status_code == 200, answer.json()
        return [names[row["id"]] for row in answer.json()["tasks"]]

    return names_of


def item(column: str, operator: str, value: Any, kind: str = "Unknown") -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}
