"""Carries outcomes over to the annotations the items show, through the review service."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from jobs.progress import Progress, no_progress
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Annotation
from tasks.services import annotations
from users.models import User
from users.sentences import sentence as _

from .campaigns import require_manager
from .models import Campaign, Item, Status, Submission
from .outcomes import Outcome, medians, outcome_of, scores_by_item
from .rubric import question_keys

# Why an item is left alone: code → sentence.
REASONS = {
    "not_finished": _("It does not have all its reviews yet."),
    "no_annotation": _("It does not name an annotation of this project."),
    "own_annotation": _("It is your own work: another manager has to apply this one."),
    "already_decided": _("Somebody has decided it already. It is left alone."),
    "annotation_changed": _("The annotation or its data was changed since: reviewers saw another version."),
    "undone": _("It was applied before, and somebody has undone that. Decide it by hand."),
}

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
    rows = Item.objects.filter(campaign=campaign)
    total = rows.count()
    while items := list(rows.filter(pk__gt=state.last).order_by("pk")[:CHUNK]):
        for item in items:
            _apply_one(campaign, item, actor, report)
        state.last, state.done = items[-1].pk, state.done + len(items)
        progress(state.done, total, f"{report.accepted:,} accepted, {report.rejected:,} rejected")
        if is_out_of_time():
            return False
    return True


def preview(campaign: Campaign) -> dict[str, int]:
    """How many items would be accepted (`keep`) and rejected (`needs_fix`, `delete`), as far as the items
    themselves tell; `applied`: how many have been before."""
    is_finished = Q(open_slots=0, counted__gt=0)
    can_be = is_finished & Q(annotation__isnull=False)
    counted = {outcome.value: Count("pk", filter=can_be & Q(outcome=outcome)) for outcome in Outcome}
    return Item.objects.filter(campaign=campaign).aggregate(
        **counted,
        not_finished=Count("pk", filter=~is_finished),
        no_annotation=Count("pk", filter=is_finished & Q(annotation=None)),
        applied=Count("pk", filter=Q(applied_at__isnull=False)),
    )


def _apply_one(campaign: Campaign, item: Item, actor: User, report: Report) -> None:
    try:
        with transaction.atomic():
            verdict = _decide(campaign, item, actor)
    except Refused as refused:
        report.refuse(item, refused.code, refused.detail)
        return
    if verdict is None:
        report.unchanged += 1
    elif verdict == ActionType.ACCEPTED:
        report.accepted += 1
    else:
        report.rejected += 1


def _decide(campaign: Campaign, item: Item, actor: User) -> ActionType | None:
    """The verdict that was given; None if it stood already. Raises Refused."""
    # Before anything is locked: most items of an unfinished campaign end here.
    if not item.is_done or not item.counted:
        raise _left_alone("not_finished")
    if item.annotation_id is None:
        raise _left_alone("no_annotation")
    annotation = _locked_annotation(item.annotation_id, actor)
    item = Item.objects.locked().get(pk=item.pk)
    scores = scores_by_item([item])[item.pk]
    if not item.is_done or not scores:
        raise _left_alone("not_finished")
    _refuse_own(annotation, actor)
    outcome = outcome_of(scores)
    verdict = ActionType.ACCEPTED if outcome == Outcome.KEEP else ActionType.REJECTED
    if annotation.standing_review_id and annotation.standing_review_id == item.applied_review:
        if annotation.last_action == verdict:
            return None
    else:
        _refuse_decided(annotation, item)
    service = AnnotationReviewService(actor)
    if verdict == ActionType.ACCEPTED:
        decision = service.accept(annotation)
    else:
        decision = service.reject(annotation, comment=summary_comment(campaign, item, scores))
    item.applied_at, item.applied_review = timezone.now(), decision.review.pk
    item.save(update_fields=["applied_at", "applied_review"])
    return verdict


def _left_alone(code: str) -> Refused:
    return Refused(code, REASONS[code])


def _locked_annotation(annotation_id: int, actor: User) -> Annotation:
    try:
        return annotations.lock(annotation_id, visible_to=actor)[0]
    except Refused as refused:
        raise (_left_alone("no_annotation") if refused.status == 404 else refused) from None


def _refuse_own(annotation: Annotation, actor: User) -> None:
    """Also where the manager only rewrote somebody else's work: what was shown is theirs. (Accepting that by
    hand is recorded as their fix.)"""
    if annotation.has_words_of(actor) and not annotation.project.allow_self_review:
        raise _left_alone("own_annotation")


def _refuse_decided(annotation: Annotation, item: Item) -> None:
    """What a person has decided, or undone, is not overturned."""
    if annotation.standing_review_id:
        raise _left_alone("already_decided")
    if item.annotation_row is not None and annotation.last_row_to_see != item.annotation_row:
        raise _left_alone("annotation_changed")
    if item.applied_review:
        raise _left_alone("undone")


def summary_comment(campaign: Campaign, item: Item, scores: list[dict[str, int]]) -> str:
    """The medians, and what reviewers wrote."""
    found = medians(scores)
    by_question = ", ".join(f"{key} {found[key]}" for key in question_keys(campaign.rubric) if key in found)
    rows = Submission.objects.filter(item=item, status=Status.COUNTED).exclude(comment="").order_by("id")
    said = "".join(f"\n– {comment[:500]}" for comment in rows.values_list("comment", flat=True)[:SAID])
    return f"{len(scores)} crowd reviewers, median scores: {by_question}.{said}"
