"""Contested rejections: opened by the author, decided by another reviewer, withdrawn if the rejection stops
standing without a new verdict.

`Annotation.contested_at` is set exactly while a dispute is open. The functions that write expect the
annotation and its task to be locked.
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
    """Open a dispute about the standing rejection. It stands until another reviewer decides, so `last_action`
    and `last_created_by` stay as they are."""
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
    """Close the disputes about these rejections, which no longer stand.

    `decisions` are the new verdicts: a reject upholds the old one, another verdict overturns it. Without a
    new verdict the dispute is withdrawn.
    """
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
    """Managers see all disputes; reviewers the open ones and those that they caused
    or decided; others their own."""
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
    """Disputes that wait for another reviewer. Closed tasks are left out."""
    present = Q(
        annotation__deleted_at=None, annotation__task__deleted_at=None, annotation__task__closed_at=None
    )
    return Dispute.objects.filter(present, project=project, outcome=None)


def hidden_from(user: User, prefix: str = "") -> Q:
    """Annotations (at `prefix`, such as "annotation__") of which `user` must not know who rejected them.

    Another reviewer should decide a dispute without knowing whose verdict it is about. Managers may know, and
    so may the reviewer who rejected.
    """
    reviewing = within(user, "review_annotation", f"{prefix}project") & ~within(
        user, "manage_project", f"{prefix}project"
    )
    if not within(user, "manage_project"):  # no condition: they manage every project
        return Q(pk__in=[])
    return (
        reviewing & Q(**{f"{prefix}contested_at__isnull": False}) & ~Q(**{f"{prefix}last_created_by": user})
    )


def is_hidden_from(user: User, annotation: Annotation) -> bool:
    """The same for one annotation."""
    if annotation.contested_at is None or annotation.last_created_by_id == user.pk:
        return False
    return may(user, "review_annotation", annotation.project_id) and not may(
        user, "manage_project", annotation.project_id
    )


# --- counts by person ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class DisputeCounts:
    """How the disputes of one person in a project ended.

    `open`, `upheld`, `overturned` and `withdrawn` count the rejections they contested; `verdicts_*` count
    their verdicts that others contested. An upheld rejection was right, an overturned one was wrong.
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


def counts_by_person(project: Project) -> dict[int, DisputeCounts]:
    """User id → counts, for everybody involved, in two queries. Imported and restored verdicts count for
    nobody."""
    counted: dict[int, dict[str, int]] = {}
    present = Dispute.objects.filter(project=project, annotation__deleted_at=None)
    sides = (
        ("contested_by", "", present),
        ("review__created_by", "verdicts_", present.filter(review__imported_by=None, review__restores=None)),
    )
    for person, prefix, rows in sides:
        for user, outcome, number in rows.order_by().values_list(person, "outcome").annotate(Count("id")):
            counted.setdefault(user, {})[f"{prefix}{outcome or 'open'}"] = number
    return {user: DisputeCounts(**numbers) for user, numbers in counted.items()}


def visible_counts(user: User, project: Project) -> dict[int, DisputeCounts]:
    """Managers see the counts of everybody, others their own."""
    found = counts_by_person(project)
    return found if may_see_all(user, project) else {user.pk: found.get(user.pk, DisputeCounts())}
