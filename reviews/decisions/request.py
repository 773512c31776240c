"""What a reviewer asks for, and what they get."""

from dataclasses import dataclass, field, replace
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
    """A verdict as it was asked for. `result` is a fix's; `reject_action`, `reason` and `assignee` are a
    reject's."""

    verdict: ActionType
    comment: str = ""
    reject_action: str | None = None
    assignee: User | None = None
    reason: str = ""
    result: list[dict[str, Any]] | None = None
    seen: Seen = NOTHING_SEEN
    started_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "comment", self.comment.strip())

    def with_changes(self, **changes: Any) -> "VerdictRequest":
        return replace(self, **changes)


@dataclass(frozen=True)
class Decision:
    """The review that stands now, on which annotation and task. `repeated`: it stood already, nothing was
    written.

    `notice` is a sentence for the reviewer, where the outcome is not the project's default.
    """

    review: Review
    annotation: Annotation
    task: Task
    repeated: bool = False
    notice: str = ""


@dataclass
class Report:
    """What a bulk action did: what was decided, and what was refused with the reason."""

    bulk: BulkReview
    done: list[Annotation] = field(default_factory=list)
    refused: list[tuple[Annotation, Refusal]] = field(default_factory=list)
