"""Contested rejections: opened by the author, decided by another reviewer, withdrawn when the rejection stops
standing.

A dispute is open while its rejection stands: `Annotation.contested_at` is set exactly then. The moves call
what is here, with the annotations locked.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from tasks import events as task_events
from tasks.choices import ActionType, HistoryAction
from tasks.models import Annotation, Project, Task
from tasks.querysets import within
from tasks.roles import may
from tasks.services import history
from tasks.sql import update_rows
from users.models import User

from . import counters, events
from .models import Dispute, Review

Outcome = Dispute.Outcome


def contest(annotation: Annotation, task: Task, *, reason: str, actor: User) -> Dispute:
    """Open a dispute about the standing reject. `last_action` and who acted last stay: the reject stands
    until it is decided."""
    review = Review.objects.get(pk=annotation.standing_review_id)
    now = timezone.now()
    dispute = Dispute.objects.create(
        review=review,
        annotation=annotation,
        project=annotation.project,
        contested_by=actor,
        contested_at=now,
        reason=reason,
    )
    review.contested_at = now
    review.save(update_fields=["contested_at"])
    _mark(annotation, actor, now)
    history.record(annotation, HistoryAction.CONTESTED, actor, review_id=review.pk, comment=reason)
    counters.recount([task], actor=actor)
    about = {"actor": actor, "tasks": (task,), "annotations": (annotation,)}
    task_events.emit(task_events.ANNOTATION_TOUCHED, annotation.project, **about)
    task_events.emit(events.CONTESTED, annotation.project, subjects=(dispute,), **about)
    return dispute


def _mark(annotation: Annotation, actor: User, now: Any) -> None:
    annotation.contested_at = annotation.updated_at = now
    annotation.updated_by = actor
    annotation.annotation_seq += 1
    annotation.save(update_fields=["contested_at", "updated_at", "updated_by", "annotation_seq"])


def close(contested: Collection[Review], decisions: Iterable[Review | None], *, actor: User | None) -> None:
    """These rejects stop standing. A new reject upholds one, another verdict overturns it; without a verdict
    there is nothing left to decide, and the dispute is withdrawn."""
    if not contested:
        return
    by_annotation = {review.annotation_id: review for review in decisions if review}
    disputes = list(Dispute.objects.filter(review__in=contested, outcome=None))
    for dispute in disputes:
        dispute.deciding_review = by_annotation.get(dispute.annotation_id)
        dispute.outcome = _outcome(dispute.deciding_review)
        dispute.decided_by, dispute.decided_at = actor, timezone.now()
    update_rows(disputes, ["outcome", "decided_by", "decided_at", "deciding_review"])


def _outcome(decision: Review | None) -> str:
    if decision is None:
        return Outcome.WITHDRAWN
    return Outcome.UPHELD if decision.verdict == ActionType.REJECTED else Outcome.OVERTURNED


# --- reads ----------------------------------------------------------------------------------------


def visible_to(user: User, project: Project) -> QuerySet[Dispute]:
    """Leads see all; reviewers the open ones, and those that were about their verdict or decided by them;
    others their own."""
    found = Dispute.objects.filter(
        project=project, annotation__deleted_at=None, annotation__task__deleted_at=None
    )
    if may_see_all(user, project):
        return found
    mine = Q(contested_by=user)
    if may(user, "review_annotation", project):
        mine |= Q(outcome=None) | Q(review__created_by=user) | Q(decided_by=user)
    return found.filter(mine)


def may_see_all(user: User, project: Project) -> bool:
    return may(user, "manage_project", project)


def open_in(project: Project) -> QuerySet[Dispute]:
    """What waits for another reviewer; not on tasks closed without an answer."""
    present = Q(
        annotation__deleted_at=None, annotation__task__deleted_at=None, annotation__task__closed_at=None
    )
    return Dispute.objects.filter(present, project=project, outcome=None)


def hidden_from(user: User, prefix: str = "") -> Q:
    """Annotations (named by `prefix`, as "annotation__") whose contested reject is not to be traced by
    `user`: another reviewer decides it without knowing whose it was. Managers know. Nobody is hidden from
    themselves."""
    reviewing = within(user, "review_annotation", f"{prefix}project") & ~within(
        user, "manage_project", f"{prefix}project"
    )
    if not within(user, "manage_project"):  # of the whole site
        return Q(pk__in=[])
    return (
        reviewing & Q(**{f"{prefix}contested_at__isnull": False}) & ~Q(**{f"{prefix}last_created_by": user})
    )


def is_hidden_from(user: User, annotation: Annotation) -> bool:
    """The same of one annotation."""
    if annotation.contested_at is None or annotation.last_created_by_id == user.pk:
        return False
    return may(user, "review_annotation", annotation.project_id) and not may(
        user, "manage_project", annotation.project_id
    )


# --- whose numbers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """What became of one person's disputes in a project: as the annotator, and as the reviewer whose verdicts
    were contested.

    `open`, `upheld`, `overturned`, `withdrawn` count what they contested; `verdicts_*` what others contested
    of theirs.
    An upheld rejection counts for the reviewer, an overturned one for the annotator.
    """

    open: int = 0
    upheld: int = 0
    overturned: int = 0
    withdrawn: int = 0
    verdicts_open: int = 0
    verdicts_upheld: int = 0
    verdicts_overturned: int = 0
    verdicts_withdrawn: int = 0

    @property
    def contested(self) -> int:
        return self.open + self.upheld + self.overturned + self.withdrawn

    def as_dict(self) -> dict[str, int]:
        return {"contested": self.contested, **asdict(self)}


def records(project: Project) -> dict[int, Record]:
    """User id → record, of everybody concerned, in two queries. Verdicts that came with a file are nobody's
    score."""
    counted: dict[int, dict[str, int]] = {}
    there = Dispute.objects.filter(project=project, annotation__deleted_at=None)
    sides = (
        ("contested_by", "", there),
        ("review__created_by", "verdicts_", there.filter(review__imported_by=None)),
    )
    for person, prefix, rows in sides:
        for user, outcome, number in rows.order_by().values_list(person, "outcome").annotate(Count("id")):
            counted.setdefault(user, {})[f"{prefix}{outcome or 'open'}"] = number
    return {user: Record(**numbers) for user, numbers in counted.items()}


def records_shown_to(user: User, project: Project) -> dict[int, Record]:
    """Leads see everybody's, others their own."""
    found = records(project)
    return found if may_see_all(user, project) else {user.pk: found.get(user.pk, Record())}
