"""What a reviewer asks for, and what the service returns."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.choices import ActionType
from tasks.concurrency import NOTHING_SEEN, Seen
from tasks.models import Annotation, Task
from users.models import User

from ..guards import Refusal
from ..models import BulkReview, Review

RETURN_TO_AUTHOR, RETURN_TO_ANYONE = "author", "anyone"


@dataclass(frozen=True)
class VerdictRequest:
    """A verdict as requested. `reject_action`, `reason` and `assignee` belong to a reject, `result` to a fix.

    Accepting with a `result`, as Label Studio does, is a fix if it differs from the annotation's.
    """

    verdict: ActionType
    comment: str = ""
    reject_action: str | None = None
    assignee: User | None = None
    reason: str = ""
    result: list[dict[str, Any]] | None = None
    seen: Seen = NOTHING_SEEN
    started_at: datetime | None = None

    def __post_init__(self) -> None:
        # Stripped once, here: comments are compared with stored ones, and blanks alone are no comment.
        object.__setattr__(self, "comment", self.comment.strip())


@dataclass(frozen=True)
class Decision:
    """The review that stands after a request, with its annotation and task as they are now.

    `repeated`: the same review stood already, so nothing was written. `notice`: a sentence for the reviewer,
    if the project's default reject action was not possible.
    """

    review: Review
    annotation: Annotation
    task: Task
    repeated: bool = False
    notice: str = ""


@dataclass
class Report:
    """What a bulk action did: the annotations it changed, and those it left alone, each with the refusal."""

    bulk: BulkReview
    done: list[Annotation] = field(default_factory=list)
    refused: list[tuple[Annotation, Refusal]] = field(default_factory=list)
