"""Parses a task of a file and checks every field. People are still keys (fields.as_person)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .fields import (
    InvalidField,
    as_bool,
    as_datetime,
    as_email,
    as_list,
    as_name,
    as_number,
    as_object,
    as_person,
    as_result,
    as_uuid,
    described,
    read,
)
from .json_stream import invalid_import
from .verdicts import Result, ReviewState, parse_review_state


@dataclass(slots=True)
class AnnotationEntry:
    author: str
    result: Result
    fields: dict[str, Any]
    review_state: ReviewState
    unique_id: uuid.UUID | None
    comments: int = 0


@dataclass(slots=True)
class PredictionEntry:
    result: Result
    score: float | None
    model_version: str
    created_at: datetime | None


@dataclass(slots=True)
class TaskEntry:
    number: int
    data: dict[str, Any]
    fields: dict[str, Any]
    unique_id: uuid.UUID | None
    external_id: str | None
    annotations: list[AnnotationEntry]
    predictions: list[PredictionEntry]
    predictions_without_content: int = 0
    drafts: int = 0
    comments: int = 0


def parse_task(number: int, raw: Any) -> TaskEntry:
    """Raises Refused, naming the task and the field."""
    try:
        return _task(number, raw)
    except InvalidField as error:
        raise invalid_import(f"task {number}: {error}.", field=error.path or None)


def _task(number: int, raw: Any) -> TaskEntry:
    if not isinstance(raw, dict):
        raise InvalidField("", f"must be an object, not {described(raw)}")
    if "data" not in raw and not raw.keys() & {"annotations", "predictions"}:
        return TaskEntry(number, raw, {}, None, None, [], [])  # the short form: the data alone
    predictions = read(raw, "predictions", as_list, "", [])
    return TaskEntry(
        number,
        data=as_object(raw.get("data"), "data"),
        fields={
            "meta": read(raw, "meta", as_object, "", {}),
            "allow_skip": read(raw, "allow_skip", as_bool, "", True),
        }
        | _without_nulls(created_at=read(raw, "created_at", as_datetime, "")),
        unique_id=read(raw, "unique_id", as_uuid, ""),
        external_id=read(raw, "external_id", as_name, ""),
        annotations=[
            _annotation(item, f"annotations[{i}].")
            for i, item in enumerate(read(raw, "annotations", as_list, "", []))
        ],
        # Label Studio exports some predictions as a bare id: there is nothing to store.
        predictions=[
            _prediction(item, f"predictions[{i}].")
            for i, item in enumerate(predictions)
            if not isinstance(item, int)
        ],
        predictions_without_content=sum(isinstance(item, int) for item in predictions),
        drafts=len(read(raw, "drafts", as_list, "", [])),
        comments=len(read(raw, "comments", as_list, "", [])),
    )


def _without_nulls(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _prediction(raw: Any, path: str) -> PredictionEntry:
    as_object(raw, path[:-1])
    return PredictionEntry(
        result=read(raw, "result", as_result, path, []),
        score=read(raw, "score", as_number, path),
        model_version=read(raw, "model_version", as_name, path, "undefined"),
        created_at=read(raw, "created_at", as_datetime, path),
    )


def _annotation(raw: Any, path: str) -> AnnotationEntry:
    as_object(raw, path[:-1])
    skipped = read(raw, "was_cancelled", as_bool, path, False)
    created_at = read(raw, "created_at", as_datetime, path)
    result = read(raw, "result", as_result, path, [])
    return AnnotationEntry(
        author=_author(raw, path),
        result=result,
        fields={
            "was_cancelled": skipped,
            "ground_truth": read(raw, "ground_truth", as_bool, path, False),
            "bulk_created": read(raw, "bulk_created", as_bool, path, False),
            "lead_time": read(raw, "lead_time", as_number, path),
            "started_at": read(raw, "started_at", as_datetime, path),
            "draft_created_at": read(raw, "draft_created_at", as_datetime, path),
        }
        | _without_nulls(
            created_at=created_at, updated_at=read(raw, "updated_at", as_datetime, path) or created_at
        ),
        review_state=parse_review_state(raw, path, result=result, skipped=skipped),
        unique_id=read(raw, "unique_id", as_uuid, path),
        comments=len(read(raw, "comments", as_list, path, [])),
    )


def _author(raw: dict[str, Any], path: str) -> str:
    author = read(raw, "completed_by", as_person, path, "")
    return read(raw, "completed_by_email", as_email, path) or author
