"""Asks every address of the site as one reader, and keeps what came back."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django_filters import rest_framework as filters

from reviews.task_table.columns import COLUMNS
from tests.factories import browser_of, result
from tests.routes import understood

from .routes import Route, routes
from .world import TUESDAY, World, sequences_at

PAGES = ("page=2&page_size=2&limit=2", "page=3&page_size=2&limit=2", "after_id=1&limit=1")
OF_PAGES = ("plain=1&queue=review", "plain=1&queue=rejected")
MORE = "fields=all&expand_created_by=true&include_undone=true&screen=label"
# Random ids, keys and nonces, and what PostgreSQL's clock says: two equal answers differ in them, and by
# chance they hold the digits of somebody's id.
RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\"token\": ?\"[^\"]+"
    r"|[0-9a-f]{16}(?=\")|gAAAAA[\w=-]+|[0-9a-f]{64}|\"[0-9a-f]{32}\"|20(?!31)\d\d-\d\d-\d\d[T-][\d:.-]+"
    r"|csrfmiddlewaretoken\" value=\"\w+|X-CSRFToken[^}]+|nonce[-=\"]+[\w+/=-]+|_seconds\": ?[\d.]+"
)


# Each run asks the first part of the questions, and `make test ARGS="-m slow"` the others.
PARTS = 3
in_parts = pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, PARTS))]
)


def part_of(questions: Iterable["Question"], part: int) -> list["Question"]:
    """Every third, so that neighbours (pages, filters of one list) are spread."""
    return list(questions)[part::PARTS]


@dataclass(frozen=True)
class Question:
    verb: str
    address: str
    body: dict[str, Any] | None = field(default=None, compare=False)
    only_ids: bool = field(default=False, compare=False)  # which tasks a filter finds, without their bodies

    def __str__(self) -> str:
        return f"{self.verb.upper()} {self.address}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: str
    text: str

    @property
    def predictable(self) -> tuple[int, str, str]:
        return self.status, RANDOM.sub("~", self.headers), RANDOM.sub("~", self.text)

    def found(self, *poisons: re.Pattern) -> set[str]:
        _, headers, text = self.predictable
        return {match for poison in poisons for match in poison.findall(headers + text)}


def answers_to(questions: Iterable[Question], reader: Any, ids: dict[str, int]) -> dict[Question, Answer]:
    """Each question is asked of the same state: what it changes is taken back."""
    browser = browser_of(reader)
    browser.raise_request_exception = False
    return {question: _answer(browser, question, ids) for question in questions}


def naming(
    answers: dict[Question, Answer], *poisons: re.Pattern, but: Iterable[Any] = ()
) -> dict[str, set[str]]:
    """Question → what it told that it must not."""
    allowed = set(map(str, but))
    found = {str(asked): answer.found(*poisons) - allowed for asked, answer in answers.items()}
    return {asked: told for asked, told in found.items() if told}


def _answer(browser: Any, question: Question, ids: dict[str, int]) -> Answer:
    options = {}
    if question.body is not None:
        options = {"data": json.dumps(question.body), "content_type": "application/json"}
    cache.clear()  # of throttles, whose clock stands still
    with transaction.atomic(), _only_ids() if question.only_ids else nullcontext():
        if question.verb != "get":
            sequences_at(ids)
        answer = getattr(browser, question.verb)(question.address, **options)
        if unknown := _unknown_options(answer):
            # Asked again: a refusal would hide what the view does.
            body = {name: value for name, value in (question.body or {}).items() if name not in unknown}
            options["data"] = json.dumps(body)
            answer = getattr(browser, question.verb)(question.address, **options)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(answer.headers.items()))
    return Answer(answer.status_code, headers, text.decode(errors="replace"))


def _unknown_options(answer: Any) -> set[str]:
    if answer.status_code != 400 or b"Unknown option" not in answer.content:
        return set()
    return set(answer.json()["validation_errors"])


def _only_ids() -> Any:
    """Bodies are most of the time that a list takes."""
    return patch.multiple("api.views.tasks", listed_tasks=_ids, table_rows=_ids)


def _ids(tasks: Any, reader: Any) -> list[dict[str, int]]:
    return [{"id": task.pk, "total_annotations": 0, "total_predictions": 0} for task in tasks]


# --- questions --------------------------------------------------------------------------------------


def reads(world: World, *, admin: bool = False, pages: bool = True) -> list[Question]:
    """Every GET, with what makes it show more; lists also without that, and every page of them.

    `admin`: those of the admin, which only leads may enter, instead of all others. `pages`: of lists.
    """
    found = []
    for route in routes():
        if "get" in route.verbs and route.path.startswith("/admin/") == admin:
            is_page = not route.path.startswith(("/api/", "/admin/"))
            ways = ("", *PAGES) if route.is_list and pages else OF_PAGES if is_page else ()
            found += [
                understood(f"{address}?project={world.project.pk}&{way}")
                for address in route.addresses(world)
                for way in (MORE, *ways)
            ]
    return [Question("get", address) for address in dict.fromkeys(found)]


def filtered(world: World) -> list[Question]:
    """Every filter and ordering of every list."""
    found = []
    for route in routes():
        if route.path.startswith("/api/") and route.filterset:
            address = route.addresses(world)[0]
            found += [understood(f"{address}?{urlencode(one)}") for one in _parameters(route, world)]
    return [Question("get", address, only_ids=True) for address in dict.fromkeys(found)]


def _parameters(route: Route, world: World) -> Iterator[dict[str, Any]]:
    about = {} if "*" in route.path else {"project": world.project.pk}
    for name, one in route.filterset.base_filters.items():
        for value in _values(name, one, world):
            yield about | {name: value}


def _values(name: str, one: filters.Filter, world: World) -> list[Any]:
    choices = [value for value, _ in one.extra.get("choices", ())]
    if isinstance(one, filters.OrderingFilter):
        return choices
    if choices:
        return choices[:2]
    if "project" in name or name == "ids":
        return [world.project.pk]
    if isinstance(one, filters.BooleanFilter):
        return ["true", "false"]
    if isinstance(one, filters.IsoDateTimeFilter | filters.DateTimeFilter):
        return [TUESDAY.isoformat()]
    people = [world.annotator2.pk, world.annotator.pk, world.reviewer.pk, world.reviewer2.pk]
    return [2 if name.endswith("__lt") else 1] if "__" in name or "s_" in name else [1, *people]


def table_queries(world: World) -> list[Question]:
    """Every column of the task table, filtered in each way a source of values has, and sorted; and each in a
    tab that a manager saved."""
    of, queries = world.project.pk, []
    for column in COLUMNS:
        queries += [{"filters": {"conjunction": "and", "items": [item]}} for item in _items(column, world)]
        queries.append({"ordering": [f"-tasks:{column.id}"]})
    found = [f"/api/tasks/?project={of}&query={json.dumps(query)}" for query in queries]
    found += [f"/api/tasks/?view={tab.pk}" for tab in world.tabs]
    return [Question("get", address, only_ids=True) for address in found]


def _items(column: Any, world: World) -> Iterator[dict[str, Any]]:
    """That it is so, that it is not so, and that there is nothing."""
    at, other = TUESDAY.isoformat(), world.annotator2.pk
    tried = {"Number": 1, "Time": 31337.5, "Datetime": at, "Boolean": True, "List": other}
    value = "SECRET" if column.type == "String" else tried[column.type]
    operators = column.source(world.admin).operators
    yes = next(name for name in ("greater", "equal", "contains") if name in operators)
    for name, sent in ((yes, value), ("not_equal", value), ("empty", True)):
        yield {"filter": f"filter:tasks:{column.id}", "type": "Unknown", "operator": name, "value": sent}


def writes(world: World) -> list[Question]:
    """Every other method, with a body that has something for each of them."""
    found = []
    for route in routes():
        if route.path.startswith("/admin/"):
            continue
        for address in route.addresses(world)[:2]:
            found += [Question(verb, address, _body(world)) for verb in sorted(route.verbs - {"get"})]
    actions = [
        f"/api/dm/actions/?project={world.project.pk}&id={name}"
        for name in ("next_task", "accept_tasks_annotations")
    ]
    return [*found, *(Question("post", one, _body(world)) for one in actions)]


def _body(world: World) -> dict[str, Any]:
    everything = [world.own.pk, world.rejected.pk, world.contested.pk, world.others.pk]
    return {
        "project": world.project.pk,
        "task": world.own.task_id,
        "annotation": world.rejected.pk,
        "dataset": world.audited.pk,
        "annotations": everything,
        "action": "accept",
        "accepted": True,
        "comment": "Why?",
        "reason": "I see a B",
        "text": "Said",
        "result": result("B"),
        "is_resolved": True,
        "was_cancelled": False,
        "data": {"text": "New"},
        "selectedItems": {"all": True, "excluded": []},
        "user": world.annotator2.pk,
        "users": [world.annotator2.pk],
        "role": "RE",
        "title": "Another title",
        "email": world.annotator2.email,
        "password": "not theirs at all",
        "label_config": world.project.label_config,
        "type": "AN",
        "export_type": "CSV",
        "ids": [world.own.task_id],
        "first_name": "New",
        "into": world.reviewer2.pk,
        "score": 0.5,
        "to": "author",
        "url": "https://e.example/",
        "from": world.annotator2.pk,
        "paused": True,
        "max_uses": 1,
        "tasks": [world.own.task_id],
    }


def all_questions(world: World) -> list[Question]:
    return list(dict.fromkeys(chain(reads(world), filtered(world), table_queries(world), writes(world))))
