"""Parses the verdicts of an annotation in a file, and decides whether the one it claims can stand here."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from tasks.choices import VERDICTS, ActionType, RejectAction
from tasks.results import same_result
from users.sentences import sentence as _

from .fields import (
    InvalidField,
    as_bool,
    as_datetime,
    as_id,
    as_list,
    as_object,
    as_person,
    as_result,
    as_text,
    as_uuid,
    described,
    read,
)

Result = list[dict[str, Any]]
# These are believed. A verdict needs a review in the file that gives it; anything else becomes `imported`.
BELIEVED_ACTIONS = (ActionType.UPDATED, ActionType.SUBMITTED, ActionType.SKIPPED)


@dataclass(slots=True)
class VerdictEntry:
    """An item of `reviews[]` or `review_history[]`. `before` was reviewed, `after` is a fix."""

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
    superseded: bool
    unique_id: uuid.UUID | None

    @property
    def may_stand(self) -> bool:
        return not (self.undone_at or self.outdated or self.superseded)


@dataclass(slots=True)
class ReviewState:
    """`verdicts` are oldest first; if `stands`, the last one is the standing review."""

    last_action: str
    verdicts: list[VerdictEntry] = field(default_factory=list)
    stands: bool = False
    not_kept_because: str = ""  # the reason why a verdict that the file claims does not stand here


def parse_review_state(raw: dict[str, Any], path: str, *, result: Result, skipped: bool) -> ReviewState:
    """From `last_action`, `reviews` and `review_history` of an annotation with this `result`."""
    claimed = read(raw, "last_action", as_text, path, "")
    reviews, earlier = _verdicts(raw, "reviews", path), _verdicts(raw, "review_history", path)
    everything = _oldest_first([*reviews, *earlier])
    if claimed not in ("", ActionType.IMPORTED, *VERDICTS):  # the annotation changed after any review
        believed = claimed if claimed in BELIEVED_ACTIONS else ActionType.IMPORTED
        return ReviewState(believed, everything)
    standing = next((verdict for verdict in reversed(everything) if verdict.may_stand), None)
    if standing is None:
        lost = "no_standing_review" if claimed in VERDICTS or reviews else ""
        return ReviewState(ActionType.IMPORTED, everything, not_kept_because=lost)
    if reason := _not_kept_because(claimed, standing, result, skipped=skipped):
        return ReviewState(ActionType.IMPORTED, everything, not_kept_because=reason)
    others = [verdict for verdict in everything if verdict is not standing]
    return ReviewState(standing.verdict, [*others, standing], stands=True)


def _oldest_first(verdicts: list[VerdictEntry]) -> list[VerdictEntry]:
    """In the file the newest come first. Times are better than the order, if all have one."""
    dated = [(verdict.created_at, verdict) for verdict in reversed(verdicts) if verdict.created_at]
    if len(dated) < len(verdicts):
        return verdicts[::-1]
    return [verdict for _, verdict in sorted(dated, key=itemgetter(0))]


def _not_kept_because(claimed: str, standing: VerdictEntry, result: Result, *, skipped: bool) -> str:
    """A code for the report, or "" if `standing`, the newest that may stand, does."""
    if skipped:
        return "skipped"
    if claimed in VERDICTS and claimed != standing.verdict:
        return "other_verdict"
    signed = standing.after if standing.verdict == ActionType.FIXED_AND_ACCEPTED else standing.before
    return "" if signed is None or same_result(signed, result) else "result_differs"


def _verdicts(raw: dict[str, Any], key: str, path: str) -> list[VerdictEntry]:
    items = read(raw, key, as_list, path, [])
    return [_verdict(item, f"{path}{key}[{position}].") for position, item in enumerate(items)]


def _verdict(raw: Any, path: str) -> VerdictEntry:
    as_object(raw, path[:-1])
    after = read(raw, "fixed_annotation_history_result", as_result, path)
    if after is None:
        after = read(raw, "result", as_result, path)
    is_fixed = after is not None or read(raw, "fixed_annotation_history", as_id, path) is not None
    verdict = _verdict_of(raw, path, is_fixed=is_fixed)
    return VerdictEntry(
        reviewer=read(raw, "created_by", as_person, path, ""),
        verdict=verdict,
        created_at=read(raw, "created_at", as_datetime, path),
        before=read(raw, "previous_annotation_history_result", as_result, path),
        after=after if verdict == ActionType.FIXED_AND_ACCEPTED else None,
        reject_action=_reject_action_of(raw, path) if verdict == ActionType.REJECTED else None,
        comment=read(raw, "comment", as_text, path, ""),
        reason=read(raw, "reason", as_text, path, "")[:64],
        started_at=read(raw, "started_at", as_datetime, path),
        undone_at=read(raw, "undone_at", as_datetime, path),
        undone_by=read(raw, "undone_by", as_person, path, ""),
        outdated=read(raw, "outdated", as_bool, path),
        superseded=read(raw, "superseded", as_bool, path, False),
        unique_id=read(raw, "unique_id", as_uuid, path),
    )


def _verdict_of(raw: dict[str, Any], path: str, *, is_fixed: bool) -> str:
    named = read(raw, "verdict", as_text, path)
    if named is not None:
        if named not in VERDICTS:
            known = ", ".join(VERDICTS)
            raise InvalidField(
                f"{path}verdict",
                _("must be one of %(known)s, not %(described)s", known=known, described=described(named)),
            )
        return named
    if "accepted" not in raw:
        raise InvalidField(f"{path}accepted", _("is missing"))
    if not as_bool(raw["accepted"], f"{path}accepted"):
        return ActionType.REJECTED
    return ActionType.FIXED_AND_ACCEPTED if is_fixed else ActionType.ACCEPTED


def _reject_action_of(raw: dict[str, Any], path: str) -> str:
    """Label Studio's default if the file does not say."""
    action = read(raw, "reject_action", as_text, path)
    if action is None:
        back = read(raw, "remove_from_queue", as_bool, path) is False
        return RejectAction.REQUEUE if back else RejectAction.REMOVE
    if action not in RejectAction.values:
        known = ", ".join(RejectAction.values)
        raise InvalidField(
            f"{path}reject_action",
            _("must be one of %(known)s, not %(described)s", known=known, described=described(action)),
        )
    return action
