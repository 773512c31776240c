"""Carries outcomes over to the annotations the items show, through the review service."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from django.utils import timezone

from jobs.progress import Progress, no_progress
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Annotation
from users.models import User

from .campaigns import require_manager
from .models import Campaign, Item, Status, Submission
from .outcomes import Outcome, medians, outcome_of, scores_by_item

CHUNK = 200
SAID = 3  # comments quoted in the summary


@dataclass
class Report:
    """`refused`: code → how many items, and the first few of each with the sentence."""

    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, item: Item, code: str, detail: str) -> None:
        self.refused[code] += 1
        if self.refused[code] <= 3:
            self.examples.append({"anno_id": item.anno_id, "code": code, "detail": detail})

    def as_dict(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "rejected": self.rejected,
            "unchanged": self.unchanged,
            "refused": dict(self.refused),
            "examples": self.examples,
        }

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> Self:
        return cls(**(body | {"refused": Counter(body["refused"])}))


@dataclass
class ApplyState:
    """How far it is: what its job keeps between two steps. `last`: the item, `done`: how many."""

    last: int = 0
    done: int = 0
    report: Report = field(default_factory=Report)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        return cls(state["last"], state["done"], Report.from_dict(state["report"]))

    def as_json(self) -> dict[str, Any]:
        return {"last": self.last, "done": self.done, "report": self.report.as_dict()}


def apply(campaign: Campaign, *, actor: User, progress: Progress = no_progress) -> Report:
    state = ApplyState()
    apply_from(state, campaign, actor=actor, progress=progress)
    return state.report


def apply_from(
    state: ApplyState,
    campaign: Campaign,
    *,
    actor: User,
    progress: Progress = no_progress,
    is_out_of_time: Callable[[], bool] = lambda: False,
) -> bool:
    """Keep accepts the annotation of a finished item; delete and needs-a-fix reject it with a summary.

    Item by item: what is refused is counted and does not keep the others back. Applying again is harmless.
    Returns whether it is done; if not, time was up: keep `state`, and go on from there.
    """
    require_manager(campaign.project, actor)
    report = state.report
    total = Item.objects.filter(campaign=campaign).count()
    while items := list(Item.objects.filter(campaign=campaign, pk__gt=state.last).order_by("pk")[:CHUNK]):
        scores = scores_by_item(items)
        for item in items:
            _apply_one(campaign, item, scores[item.pk], actor, report)
        state.last, state.done = items[-1].pk, state.done + len(items)
        progress(state.done, total, f"{report.accepted:,} accepted, {report.rejected:,} rejected")
        if is_out_of_time():
            return False
    return True


def _apply_one(
    campaign: Campaign, item: Item, scores: list[dict[str, int]], actor: User, report: Report
) -> None:
    if not item.is_done or not scores:
        report.refuse(item, "not_finished", "It does not have all its reviews yet.")
        return
    annotation = Annotation.objects.visible_to(actor).filter(pk=item.annotation_id).first()
    if annotation is None:
        report.refuse(item, "no_annotation", "It does not name an annotation of this project.")
        return
    outcome = outcome_of(scores)
    service = AnnotationReviewService(actor)
    try:
        if outcome == Outcome.KEEP:
            decision = service.accept(annotation)
        else:
            decision = service.reject(annotation, comment=summary_comment(item, scores))
    except Refused as refused:
        report.refuse(item, refused.code, refused.detail)
        return
    Item.objects.filter(pk=item.pk).update(applied_at=timezone.now())
    if decision.repeated:
        report.unchanged += 1
    elif outcome == Outcome.KEEP:
        report.accepted += 1
    else:
        report.rejected += 1


def summary_comment(item: Item, scores: list[dict[str, int]]) -> str:
    """The medians, and what reviewers wrote."""
    found = ", ".join(f"{key} {score}" for key, score in medians(scores).items())
    rows = Submission.objects.filter(item=item, status=Status.COUNTED).exclude(comment="").order_by("id")
    said = "".join(f"\n– {comment[:500]}" for comment in rows.values_list("comment", flat=True)[:SAID])
    return f"{len(scores)} crowd reviewers, median scores: {found}.{said}"
