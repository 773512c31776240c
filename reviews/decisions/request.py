"""What a reviewer asks for, and what the service returns."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

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


@dataclass(frozen=True)
class BulkAction:
    """What to do to a selection: accept, reject, undo or reopen.

    Annotations on which somebody else's verdict stands are left alone, unless `include_decided` is set. (An
    undo names the verdicts themselves, so it does not ask.) `to` and `comment` belong to a reopen; a verdict
    has its comment in `request`.
    """

    name: str
    request: VerdictRequest | None = None
    to: str = RETURN_TO_AUTHOR
    comment: str = ""
    include_decided: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        *,
        comment: str = "",
        to: str = RETURN_TO_AUTHOR,
        include_decided: bool = False,
        **options: Any,
    ) -> Self:
        """`options` are fields of VerdictRequest."""
        verdict = VERDICT_OF.get(name)
        request = VerdictRequest(verdict, comment=comment, **options) if verdict else None
        return cls(name, request, to, comment, include_decided)


BULK_ACTIONS = ("accept", "reject", "undo", "reopen")
VERDICT_OF = {"accept": ActionType.ACCEPTED, "reject": ActionType.REJECTED}
Refusals = list[tuple[Annotation, Refusal]]


@dataclass
class Report:
    """What a bulk action did, or would do: the annotations it changed, and those it left alone, each with the
    refusal.

    `bulk` is None if nothing was written. `replaced`: of those done, where the standing verdict was somebody
    else's. Of an undo: `restored`, where the verdict of before stands again, and `not_restored`, where it
    could not. Lists of annotation ids, unless typed otherwise.
    """

    bulk: BulkReview | None = None
    done: list[Annotation] = field(default_factory=list)
    refused: Refusals = field(default_factory=list)
    not_found: list[int] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    not_restored: Refusals = field(default_factory=list)
