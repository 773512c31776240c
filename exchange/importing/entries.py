"""A task of a file, checked field by field and as we understand it. People are still keys (kinds.somebody)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .fields import (
    Wrong,
    a_flag,
    a_list,
    a_moment,
    a_name,
    a_number,
    a_result,
    a_uuid,
    an_email,
    an_object,
    shown,
    somebody,
    take,
)
from .json_stream import invalid
from .verdicts import Result, Said, read_verdicts


@dataclass(slots=True)
class Answer:
    """One annotation."""

    author: str
    result: Result
    fields: dict[str, Any]
    said: Said
    unique_id: uuid.UUID | None


@dataclass(slots=True)
class Guess:
    """One prediction."""

    result: Result
    score: float | None
    model_version: str
    created_at: datetime | None


@dataclass(slots=True)
class Entry:
    number: int
    data: dict[str, Any]
    fields: dict[str, Any]
    unique_id: uuid.UUID | None
    external_id: str | None
    answers: list[Answer]
    guesses: list[Guess]
    unnamed_guesses: int = 0
    drafts: int = 0


def entry(number: int, raw: Any) -> Entry:
    """Raises Refused naming the task and the field."""
    try:
        return _entry(number, raw)
    except Wrong as wrong:
        raise invalid(f"task {number}: {wrong}.", field=wrong.path or None)


def _entry(number: int, raw: Any) -> Entry:
    if not isinstance(raw, dict):
        raise Wrong("", f"must be an object, not {shown(raw)}")
    if "data" not in raw and not raw.keys() & {"annotations", "predictions"}:
        return Entry(number, raw, {}, None, None, [], [])  # the short form: nothing but data
    guesses = take(raw, "predictions", a_list, "", [])
    return Entry(
        number,
        data=an_object(raw.get("data"), "data"),
        fields={
            "meta": take(raw, "meta", an_object, "", {}),
            "allow_skip": take(raw, "allow_skip", a_flag, "", True),
        }
        | _given(created_at=take(raw, "created_at", a_moment, "")),
        unique_id=take(raw, "unique_id", a_uuid, ""),
        external_id=take(raw, "external_id", a_name, ""),
        answers=[
            _answer(item, f"annotations[{i}].")
            for i, item in enumerate(take(raw, "annotations", a_list, "", []))
        ],
        # Label Studio's export names predictions by id alone: there is nothing to keep of those.
        guesses=[
            _guess(item, f"predictions[{i}].") for i, item in enumerate(guesses) if not isinstance(item, int)
        ],
        unnamed_guesses=sum(isinstance(item, int) for item in guesses),
        drafts=len(take(raw, "drafts", a_list, "", [])),
    )


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _guess(raw: Any, path: str) -> Guess:
    an_object(raw, path[:-1])
    return Guess(
        result=take(raw, "result", a_result, path, []),
        score=take(raw, "score", a_number, path),
        model_version=take(raw, "model_version", a_name, path, "undefined"),
        created_at=take(raw, "created_at", a_moment, path),
    )


def _answer(raw: Any, path: str) -> Answer:
    an_object(raw, path[:-1])
    skipped = take(raw, "was_cancelled", a_flag, path, False)
    created_at = take(raw, "created_at", a_moment, path)
    result = take(raw, "result", a_result, path, [])
    return Answer(
        author=_author(raw, path),
        result=result,
        fields={
            "was_cancelled": skipped,
            "ground_truth": take(raw, "ground_truth", a_flag, path, False),
            "bulk_created": take(raw, "bulk_created", a_flag, path, False),
            "lead_time": take(raw, "lead_time", a_number, path),
            "started_at": take(raw, "started_at", a_moment, path),
            "draft_created_at": take(raw, "draft_created_at", a_moment, path),
        }
        | _given(created_at=created_at, updated_at=take(raw, "updated_at", a_moment, path) or created_at),
        said=read_verdicts(raw, path, result=result, skipped=skipped),
        unique_id=take(raw, "unique_id", a_uuid, path),
    )


def _author(raw: dict[str, Any], path: str) -> str:
    named = take(raw, "completed_by", somebody, path, "")
    return take(raw, "completed_by_email", an_email, path) or named
