"""Flat rows for JSON_MIN and tables: one for each annotation, with the task's data and answers by control.

Nothing replaces anything else: a key of the data that is named as a control or as a column of ours is
`data.<key>`, and a control named as a column of ours is `answer.<name>`.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tasks.results import RELATION, regions_of

from .bodies import Body

RELATIONS = "relations"
REVIEW = ("reviewer", "reviewer_email", "reviewed_at", "reject_action", "review_reason", "review_comment")
# Columns before and after the task's data and the answers.
BEFORE, AFTER = (
    ("id",),
    (
        *("annotator", "annotator_email", "annotation_id", "created_at", "updated_at", "lead_time"),
        *REVIEW,
        "last_action",
    ),
)
# If these have a single value, it is written alone. Region type → key of its value.
PLAIN = {"choices": "choices", "textarea": "text"}
# What an answer has beside its value, where there is something.
BESIDE = ("original_width", "original_height", "item_index", "meta")
FROM, TO, PARENT = "from_id", "to_id", "parentID"


@dataclass
class Columns:
    """The columns of a table: keys of the tasks' data and names of controls, in order.

    `every_task`: a task of which no annotation is written gets a row too.
    """

    data: dict[str, None] = field(default_factory=dict)
    answers: dict[str, None] = field(default_factory=dict)
    with_relations: bool = False
    every_task: bool = False

    def add(self, body: Body) -> None:
        if isinstance(body["data"], dict):
            self.data |= dict.fromkeys(body["data"])
        for annotation in body["annotations"]:
            regions = regions_of(annotation["result"])
            self.answers |= dict.fromkeys(str(r["from_name"]) for r in regions if r.get("from_name"))
            self.with_relations |= any(region.get("type") == RELATION for region in regions)

    def names(self) -> list[str]:
        relations = [RELATIONS] if self.with_relations else []
        return [*self.data_names.values(), *BEFORE, *self.answer_names.values(), *relations, *AFTER]

    @cached_property
    def answer_names(self) -> dict[str, str]:
        return _unique(self.answers, prefix="answer.", taken={*BEFORE, *AFTER, RELATIONS})

    @cached_property
    def data_names(self) -> dict[str, str]:
        taken = {*BEFORE, *AFTER, RELATIONS, *self.answer_names.values()}
        return _unique(self.data, prefix="data.", taken=taken)


def _unique(names: Collection[str], *, prefix: str, taken: set[str]) -> dict[str, str]:
    """Name → the column it is written to: another for each, and none of those taken."""
    columns = {name: name for name in names if name not in taken}
    for name in names:
        if name in taken:
            column = prefix + name
            while column in taken or column in columns:
                column = prefix + column
            columns[name] = column
    return columns


def rows_of(body: Body, columns: Columns) -> Iterator[Body]:
    """One for each annotation that was not skipped."""
    data = body["data"] if isinstance(body["data"], dict) else {}
    names: Mapping[Any, str] = columns.data_names
    task: Body = {names.get(key, key): value for key, value in data.items()}
    task["id"] = body["id"]
    answered = [annotation for annotation in body["annotations"] if not annotation["was_cancelled"]]
    for annotation in answered:
        yield task | _answers(annotation["result"], columns) | _about(annotation)
    if not answered and columns.every_task:
        yield {**task, **dict.fromkeys(AFTER)}


def _about(annotation: Body) -> Body:
    author = annotation["completed_by"]
    return {
        "annotator": author["id"] if isinstance(author, dict) else author,
        "annotator_email": annotation["completed_by_email"],
        "annotation_id": annotation["id"],
        "created_at": annotation["created_at"],
        "updated_at": annotation["updated_at"],
        "lead_time": annotation["lead_time"],
        **_standing_review(annotation),
        "last_action": annotation["last_action"],
    }


def _standing_review(annotation: Body) -> Body:
    review = annotation["reviews"][0] if annotation["reviews"] else {}
    reviewer = review.get("created_by") or {}  # while a rejection is contested, its reviewer is hidden
    return {
        "reviewer": reviewer.get("id"),
        "reviewer_email": reviewer.get("email"),
        "reviewed_at": review.get("created_at"),
        "reject_action": review.get("reject_action"),
        "review_reason": review.get("reason") or None,
        "review_comment": review.get("comment") or None,
    }


def _answers(result: Any, columns: Columns) -> Body:
    regions = regions_of(result)
    named = _named_ids(regions)
    by_control: dict[str, list[Any]] = {}
    for region in regions:
        if region.get("from_name"):
            name = str(region["from_name"])
            name = columns.answer_names.get(name, name)
            by_control.setdefault(name, []).append(_answer(region, named))
    answers: Body = {
        name: values[0] if len(values) == 1 and isinstance(values[0], str) else values
        for name, values in by_control.items()
    }
    relations = [
        {key: value for key, value in region.items() if key != "type"}
        for region in regions
        if region.get("type") == RELATION
    ]
    return answers | ({RELATIONS: relations} if relations else {})


def _named_ids(regions: list[Body]) -> set[str]:
    """The ids that something refers to: relations, regions inside others, and answers about a region, which
    share its id.
    """
    ids = Counter(str(region["id"]) for region in regions if region.get("id") and region.get("from_name"))
    linked = {str(region[key]) for region in regions for key in (FROM, TO, PARENT) if region.get(key)}
    return {one for one, number in ids.items() if number > 1} | linked


def _answer(region: Body, named: set[str]) -> Any:
    value = region.get("value")
    beside = {name: region[name] for name in BESIDE if region.get(name) is not None}
    if str(region.get("id")) in named:
        beside["id"] = region["id"]
    if region.get(PARENT):
        beside[PARENT] = region[PARENT]
    if not isinstance(value, dict):
        return beside | {"value": value} if beside else value
    key = PLAIN.get(str(region.get("type")))
    if key and not beside.keys() - {"original_width", "original_height"}:
        values = value.get(key)
        return values[0] if isinstance(values, list) and len(values) == 1 else dict(value)
    return value | beside
