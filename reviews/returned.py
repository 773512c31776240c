"""Why somebody's work came back to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tasks.choices import HistoryAction
from tasks.diff import Operation
from tasks.models import Annotation, History

from .changed_since import changed_since
from .decisions.plan import last_version_of_author
from .models import Review


@dataclass(frozen=True)
class Returned:
    """By a reject that asks for rework, or by a reopen, which is no verdict. `changes`: what others made of
    their version."""

    review: int | None
    comment: str
    reason: str
    reject_action: str | None
    since: datetime
    rounds: int
    changes: list[Operation]


def why_returned(annotation: Annotation) -> Returned:
    about: dict[str, Any] = {
        "since": annotation.returned_at,
        "rounds": annotation.rounds,
        "changes": _by_others(annotation),
    }
    verdict = Review.objects.filter(pk=annotation.standing_review_id).first()
    if verdict:
        return Returned(verdict.pk, verdict.comment, verdict.reason, verdict.reject_action, **about)
    reopened = (
        History.objects.filter(annotation=annotation, action=HistoryAction.REOPENED).order_by("-id").first()
    )
    return Returned(None, reopened.comment if reopened else "", "", None, **about)


def _by_others(annotation: Annotation) -> list[Operation]:
    own = last_version_of_author(annotation)
    return changed_since(annotation, own.pk).changes if own else []
