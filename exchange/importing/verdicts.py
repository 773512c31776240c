"""The verdicts a file brings with an annotation, and whether the one it claims stands."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.choices import VERDICTS, ActionType, RejectAction
from tasks.results import same_result

from .fields import (
    Wrong,
    a_flag,
    a_list,
    a_moment,
    a_result,
    a_uuid,
    an_id,
    an_object,
    shown,
    somebody,
    take,
    words,
)

Result = list[dict[str, Any]]
# What a file may say without proof. A verdict needs a review that bears it; everything else becomes `imported`.
KEPT_ACTIONS = (ActionType.UPDATED, ActionType.SUBMITTED, ActionType.SKIPPED)


@dataclass(slots=True)
class Verdict:
    """One of `reviews[]` or `review_history[]`. `before` is what the reviewer saw, `after` what a fix made of it, if said."""

    reviewer: str
    verdict: str
    created_at: datetime | None
    before: Result | None
    after: Result | None
    reject_action: str | None
    comment: str
    reason: str
    started_at: datetime | None
    undone_at: datetime | None
    undone_by: str
    outdated: bool | None
    unique_id: uuid.UUID | None


@dataclass(slots=True)
class Said:
    """`last_action` as it will be here. `verdicts` are oldest first; if `stands`, the last one is the standing review."""

    last_action: str
    verdicts: list[Verdict] = field(default_factory=list)
    stands: bool = False
    not_kept: str = ""  # why a verdict that the file claims does not stand here


def read_verdicts(raw: dict[str, Any], path: str, *, result: Result, skipped: bool) -> Said:
    """From `last_action`, `reviews` and `review_history` of an annotation with this `result`."""
    claimed = take(raw, "last_action", words, path, "")
    reviews = [
        _verdict(v, f"{path}reviews[{i}].") for i, v in enumerate(take(raw, "reviews", a_list, path, []))
    ]
    earlier = [
        _verdict(v, f"{path}review_history[{i}].")
        for i, v in enumerate(take(raw, "review_history", a_list, path, []))
    ]
    if claimed not in ("", ActionType.IMPORTED, *VERDICTS):  # it changed since, so nothing stands
        return Said(
            claimed if claimed in KEPT_ACTIONS else ActionType.IMPORTED, _oldest_first([*reviews, *earlier])
        )
    if not_kept := _why_not(claimed, reviews, result, skipped=skipped):
        return Said(ActionType.IMPORTED, _oldest_first([*reviews, *earlier]), not_kept=not_kept)
    if not reviews:
        return Said(ActionType.IMPORTED, _oldest_first(earlier))
    return Said(reviews[0].verdict, [*_oldest_first([*reviews[1:], *earlier]), reviews[0]], stands=True)


def _oldest_first(verdicts: list[Verdict]) -> list[Verdict]:
    """In the file the newest come first. The times know better, where there are any."""
    oldest_first = verdicts[::-1]
    if all(verdict.created_at for verdict in verdicts):
        oldest_first.sort(key=lambda verdict: verdict.created_at)  # type: ignore[arg-type, return-value]
    return oldest_first


def _why_not(claimed: str, reviews: Sequence[Verdict], result: Result, *, skipped: bool) -> str:
    """Why the verdict that the file claims does not stand here, or ""."""
    if not reviews:
        return "no_standing_review" if claimed in VERDICTS else ""
    standing = reviews[0]
    if skipped:
        return "skipped"
    if standing.undone_at or standing.outdated:
        return "no_standing_review"
    if claimed in VERDICTS and claimed != standing.verdict:
        return "other_verdict"
    signed = standing.after if standing.verdict == ActionType.FIXED_AND_ACCEPTED else standing.before
    return "" if signed is None or same_result(signed, result) else "result_differs"


def _verdict(raw: Any, path: str) -> Verdict:
    an_object(raw, path[:-1])
    after = take(raw, "fixed_annotation_history_result", a_result, path)
    if after is None:
        after = take(raw, "result", a_result, path)
    verdict = _which(
        raw, path, fixed=after is not None or take(raw, "fixed_annotation_history", an_id, path) is not None
    )
    return Verdict(
        reviewer=take(raw, "created_by", somebody, path, ""),
        verdict=verdict,
        created_at=take(raw, "created_at", a_moment, path),
        before=take(raw, "previous_annotation_history_result", a_result, path),
        after=after if verdict == ActionType.FIXED_AND_ACCEPTED else None,
        reject_action=_outcome(raw, path) if verdict == ActionType.REJECTED else None,
        comment=take(raw, "comment", words, path, ""),
        reason=take(raw, "reason", words, path, "")[:64],
        started_at=take(raw, "started_at", a_moment, path),
        undone_at=take(raw, "undone_at", a_moment, path),
        undone_by=take(raw, "undone_by", somebody, path, ""),
        outdated=take(raw, "outdated", a_flag, path),
        unique_id=take(raw, "unique_id", a_uuid, path),
    )


def _which(raw: dict[str, Any], path: str, *, fixed: bool) -> str:
    named = take(raw, "verdict", words, path)
    if named is not None:
        if named not in VERDICTS:
            raise Wrong(f"{path}verdict", f"must be one of {', '.join(VERDICTS)}, not {shown(named)}")
        return named
    if "accepted" not in raw:
        raise Wrong(f"{path}accepted", "is missing")
    if not a_flag(raw["accepted"], f"{path}accepted"):
        return ActionType.REJECTED
    return ActionType.FIXED_AND_ACCEPTED if fixed else ActionType.ACCEPTED


def _outcome(raw: dict[str, Any], path: str) -> str:
    """Where a file does not say what became of a reject, it was Label Studio's default."""
    action = take(raw, "reject_action", words, path)
    if action is None:
        back = take(raw, "remove_from_queue", a_flag, path) is False
        return RejectAction.REQUEUE if back else RejectAction.REMOVE
    if action not in RejectAction.values:
        raise Wrong(
            f"{path}reject_action", f"must be one of {', '.join(RejectAction.values)}, not {shown(action)}"
        )
    return action
