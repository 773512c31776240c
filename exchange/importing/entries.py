"""Parses a task of a file and checks every field. People are still keys (fields.as_person)."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from tasks import reading
from tasks.choices import ActionType
from users.sentences import sentence as _

from .fields import (
    InvalidField,
    as_bool,
    as_datetime,
    as_duration,
    as_email,
    as_list,
    as_meta,
    as_name,
    as_number,
    as_object,
    as_person,
    as_result,
    as_text,
    as_uuid,
    described,
    read,
)
from .found import Item
from .known_keys import (
    ANNOTATION_KEYS,
    DRAFT_KEYS,
    EMPTY,
    PARTS_OF_ANNOTATION,
    PREDICTION_KEYS,
    TASK_KEYS,
    UNKNOWN_KEY,
)
from .problems import Problems
from .verdicts import Result, ReviewState, parse_review_state


@dataclass(slots=True)
class CommentEntry:
    author: str
    text: str
    created_at: datetime | None
    updated_at: datetime | None
    resolved_at: datetime | None
    is_resolved: bool
    region_ref: Any
    classifications: Any


@dataclass(slots=True)
class DraftEntry:
    author: str
    result: Result
    lead_time: float | None
    created_at: datetime | None


@dataclass(slots=True)
class AnnotationEntry:
    author: str
    result: Result
    fields: dict[str, Any]
    review_state: ReviewState
    unique_id: uuid.UUID | None
    comments: list[CommentEntry]


@dataclass(slots=True)
class PredictionEntry:
    result: Result
    score: float | None
    model_version: str
    created_at: datetime | None


@dataclass(slots=True)
class TaskEntry:
    item: Item  # where it stands in the files, without what stands there
    data: dict[str, Any]
    fields: dict[str, Any]
    unique_id: uuid.UUID | None
    external_id: str | None
    annotations: list[AnnotationEntry]
    predictions: list[PredictionEntry]
    drafts: list[DraftEntry]
    predictions_without_content: int = 0
    ignored_drafts: int = 0
    ignored_comments: int = 0
    upload: int | None = None  # the id of the uploaded file that it came from
    # Of a target storage: one annotation with its task. Other items may have more of the same task.
    is_part: bool = False

    @property
    def number(self) -> int:
        return self.item.number


T = TypeVar("T")


def parse_task(item: Item, problems: Problems) -> TaskEntry | None:
    """None if something is wrong with it: that is among the problems then."""
    before = problems.error_count
    entry = _Parser(item, problems).task()
    return entry if problems.error_count == before else None


@dataclass
class _Parser:
    """Goes on after what it cannot read, so that a person can mend everything at once."""

    item: Item
    problems: Problems

    def task(self) -> TaskEntry | None:
        raw = self.item.raw
        if not isinstance(raw, dict):
            self._attempt(lambda: as_object(raw, ""))
            return None
        if is_part := _is_annotation_with_task(raw):
            raw = _turned_around(raw)
        elif isinstance(raw.get("result"), list) and "task" in raw and "data" not in raw:
            self.problems.add(self.item, "", _("is an annotation without the data of its task"))
            return None
        elif "data" not in raw and not raw.keys() & {"annotations", "predictions", "completions"}:
            return self._entry({"data": raw})  # the short form: the data alone
        self._warn_of_unknown(raw, TASK_KEYS, "")
        entry = self._entry(raw)
        if is_part:
            entry.is_part, entry.unique_id = True, entry.unique_id or _id_of_task(raw)
        return entry

    def _entry(self, raw: dict[str, Any]) -> TaskEntry:
        data = self._attempt(lambda: _data_of(raw)) or {}
        predictions = list(self._items(raw, "predictions"))
        drafts = list(self._items(raw, "drafts"))
        new_drafts = [
            (path, one) for path, one in drafts if not (isinstance(one, dict) and one.get("annotation"))
        ]
        contents = [(path, one) for path, one in predictions if not isinstance(one, int)]
        fields = {
            "meta": self._read(raw, "meta", as_meta, "", {}),
            "allow_skip": self._read(raw, "allow_skip", as_bool, "", True),
        }
        annotations = [*self._items(raw, "annotations"), *self._items(raw, "completions")]
        return TaskEntry(
            self.item._replace(raw=None),
            data=data,
            fields=fields | _without_nulls(created_at=self._read(raw, "created_at", as_datetime, "")),
            unique_id=self._read(raw, "unique_id", as_uuid, ""),
            external_id=self._read(raw, "external_id", as_name, ""),
            annotations=self._each(annotations, _annotation, ANNOTATION_KEYS),
            # Label Studio exports some predictions as a bare id: there is nothing to store.
            predictions=self._each(contents, _prediction, PREDICTION_KEYS),
            predictions_without_content=len(predictions) - len(contents),
            drafts=self._each(new_drafts, _draft, DRAFT_KEYS),
            ignored_drafts=len(drafts) - len(new_drafts),
            ignored_comments=self._count_ignored(raw, "comments"),
            upload=self.item.upload,
        )

    def _attempt(self, read_it: Callable[[], T]) -> T | None:
        try:
            return read_it()
        except InvalidField as error:
            self.problems.add(self.item, error.path, error.problem)
            return None

    def _read(self, raw: dict[str, Any], key: str, reader: Any, path: str, default: Any = None) -> Any:
        return self._attempt(lambda: read(raw, key, reader, path, default))

    def _items(self, raw: dict[str, Any], key: str) -> Iterator[tuple[str, Any]]:
        items = self._read(raw, key, as_list, "", []) or []
        return ((f"{key}[{place}]", one) for place, one in enumerate(items))

    def _each(
        self, items: list[tuple[str, Any]], parse: Callable[[Any, str], T], keys: frozenset[str]
    ) -> list[T]:
        entries = []
        for path, one in items:
            if (entry := self._attempt(partial(parse, one, f"{path}."))) is not None:
                self._warn_of_unknown(one, keys, f"{path}.")
                entries.append(entry)
                if isinstance(entry, AnnotationEntry):
                    self._warn_of_parts(one, f"{path}.")
        return entries

    def _warn_of_parts(self, annotation: dict[str, Any], path: str) -> None:
        """Of what is unknown within an annotation that could be read."""
        for key, known in PARTS_OF_ANNOTATION.items():
            for place, part in enumerate(annotation.get(key) or []):
                self._warn_of_unknown(part, known, f"{path}{key}[{place}].")
        if annotation.get("last_action") not in (None, "", *ActionType.values):
            self.problems.warn(
                self.item,
                f"{path}last_action",
                _("%(action)s is not known", action=described(annotation["last_action"])),
            )

    def _count_ignored(self, raw: dict[str, Any], key: str) -> int:
        """Of a list that has no place here: comments on a task as a whole."""
        ignored = list(self._items(raw, key))
        for path, _item in ignored:
            self.problems.warn(self.item, path, _("is not imported: only comments on annotations are"))
        return len(ignored)

    def _warn_of_unknown(self, raw: dict[str, Any], known: frozenset[str], path: str) -> None:
        """Keys that hold something, of which nothing is imported."""
        for key in raw.keys() - known:
            if raw[key] not in EMPTY:
                self.problems.warn(self.item, f"{path}{key[:100]}", UNKNOWN_KEY)


def _data_of(raw: dict[str, Any]) -> dict[str, Any]:
    if "data" not in raw:
        raise InvalidField(
            "data", _("is missing. Beside annotations or predictions, what the task shows belongs into data")
        )
    return as_object(raw["data"], "data")


def _is_annotation_with_task(raw: dict[str, Any]) -> bool:
    """As Label Studio writes annotations to a target storage, one by one."""
    task = raw.get("task")
    return "data" not in raw and "result" in raw and isinstance(task, dict) and "data" in task


def _id_of_task(raw: dict[str, Any]) -> uuid.UUID:
    """By its id where it comes from and its data: task 5 of another site has other data."""
    return uuid.uuid5(reading.NAMES, json.dumps([raw.get("id"), raw["data"]], sort_keys=True, default=str))


def _turned_around(raw: dict[str, Any]) -> dict[str, Any]:
    annotation = {key: value for key, value in raw.items() if key != "task"}
    return raw["task"] | {"annotations": [annotation]}


def _without_nulls(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _prediction(raw: Any, path: str) -> PredictionEntry:
    as_object(raw, path[:-1])
    if raw.get("result") is None:
        raise InvalidField(f"{path}result", _("is missing"))
    return PredictionEntry(
        result=as_result(raw["result"], f"{path}result"),
        score=read(raw, "score", as_number, path),
        model_version=read(raw, "model_version", as_name, path, "undefined"),
        created_at=read(raw, "created_at", as_datetime, path),
    )


def _annotation(raw: Any, path: str) -> AnnotationEntry:
    as_object(raw, path[:-1])
    # The second names are those of archives from before 1.0.
    skipped = read(raw, "was_cancelled", as_bool, path, False) or read(raw, "skipped", as_bool, path, False)
    marked = read(raw, "ground_truth", as_bool, path, False) or read(raw, "honeypot", as_bool, path, False)
    created_at = read(raw, "created_at", as_datetime, path)
    result = read(raw, "result", as_result, path, [])
    return AnnotationEntry(
        author=_author(raw, path),
        result=result,
        fields={
            "was_cancelled": skipped,
            "ground_truth": marked,
            "bulk_created": read(raw, "bulk_created", as_bool, path, False),
            "lead_time": read(raw, "lead_time", as_duration, path),
            "started_at": read(raw, "started_at", as_datetime, path),
            "draft_created_at": read(raw, "draft_created_at", as_datetime, path),
        }
        | _without_nulls(
            created_at=created_at, updated_at=read(raw, "updated_at", as_datetime, path) or created_at
        ),
        review_state=parse_review_state(raw, path, result=result, skipped=skipped),
        unique_id=read(raw, "unique_id", as_uuid, path),
        comments=[
            _comment(one, f"{path}comments[{place}].")
            for place, one in enumerate(read(raw, "comments", as_list, path, []))
        ],
    )


def _comment(raw: Any, path: str) -> CommentEntry:
    as_object(raw, path[:-1])
    resolved_at = read(raw, "resolved_at", as_datetime, path)
    text = read(raw, "text", as_text, path, "")
    if not (text.strip() or raw.get("classifications")):
        raise InvalidField(f"{path}text", _("is missing"))
    return CommentEntry(
        author=read(raw, "created_by", as_person, path, ""),
        text=text,
        created_at=read(raw, "created_at", as_datetime, path),
        updated_at=read(raw, "updated_at", as_datetime, path),
        resolved_at=resolved_at,
        is_resolved=read(raw, "is_resolved", as_bool, path, resolved_at is not None),
        region_ref=raw.get("region_ref"),
        classifications=raw.get("classifications"),
    )


def _draft(raw: Any, path: str) -> DraftEntry:
    as_object(raw, path[:-1])
    return DraftEntry(
        author=read(raw, "user", as_person, path, "") or read(raw, "completed_by", as_person, path, ""),
        result=read(raw, "result", as_result, path, []),
        lead_time=read(raw, "lead_time", as_duration, path),
        created_at=read(raw, "created_at", as_datetime, path),
    )


def _author(raw: dict[str, Any], path: str) -> str:
    author = read(raw, "completed_by", as_person, path, "")
    return read(raw, "completed_by_email", as_email, path) or author
