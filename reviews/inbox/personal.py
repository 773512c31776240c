"""Items for one person in particular: one query for each kind, of what they may see and act on. Oldest
first, at most BOUND + 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from tasks.choices import AssignmentType, HistoryAction
from tasks.models import Annotation, Assignment, History, Membership
from tasks.state import ABSENT
from users.capabilities import roles_with
from users.models import User

from ..corrections import feed
from ..eligibility import assigned_to_review, returned_to
from ..models import Comment, Queue, QueueEntry, Review
from ..queue.drawing import available_to
from .kinds import BOUND, Item, Kind

COLUMNS = ("kind_", "project_", "task_", "annotation_", "about_", "since_", "count_", "text_")
_ID = BigIntegerField()
_NO_ID = Value(None, _ID)


@dataclass(frozen=True)
class Reader:
    """Whose inbox it is, for one project or all, and the projects in which they get work, by what they do
    there. Projects in which they are paused are left out.
    """

    user: User
    project: int | None
    labelling: list[int]  # as an annotator
    member_of: list[int]
    reviewing: list[int]


def reader_of(user: User, project: int | None = None) -> Reader:
    found = Membership.objects.filter(user=user, paused=False, project__deleted_at=None)
    roles = dict((found.filter(project=project) if project else found).values_list("project", "role"))

    reviewers = roles_with("review_annotation")
    reviewing = [pk for pk, role in roles.items() if role in reviewers]
    labelling = [pk for pk in roles if pk not in reviewing]
    return Reader(user, project, labelling, list(roles), reviewing)


# --- one kind each --------------------------------------------------------------------------------


def returned(reader: Reader) -> QuerySet:
    """Also for somebody paused: they may still finish what was returned to them."""
    waiting = Annotation.objects.visible_to(reader.user).filter(returned_to(reader.user))
    of_verdict = Review.objects.filter(pk=OuterRef("standing_review_id")).values("comment")
    of_reopen = (
        History.objects.filter(annotation=OuterRef("pk"), action=HistoryAction.REOPENED)
        .order_by("-id")
        .values("comment")
    )
    text = Coalesce(Subquery(of_verdict[:1]), Subquery(of_reopen[:1]), Value(""), output_field=TextField())
    return _rows(reader, waiting, Kind.RETURNED, annotation_=F("pk"), since_=F("returned_at"), text_=text)


def disputes(reader: Reader) -> QuerySet:
    """Contested rejections by other reviewers, except those that another reviewer is looking at."""
    waiting = _available(reader).filter(queue=Queue.DISPUTES)
    return _rows(
        reader, waiting, Kind.DISPUTES, annotation_=F("annotation"), since_=F("annotation__contested_at")
    )


def to_review(reader: Reader) -> QuerySet:
    """Assigned to this person. What any reviewer may take is in pools."""
    waiting = _available(reader).filter(assigned_to_review(reader.user), queue=Queue.REVIEW)
    return _rows(reader, waiting, Kind.TO_REVIEW, annotation_=F("annotation"), since_=F("entered_at"))


def _available(reader: Reader) -> QuerySet[QueueEntry]:
    return QueueEntry.objects.filter(available_to(reader.user), project__in=reader.reviewing)


def to_label(reader: Reader) -> QuerySet:
    assigned = Assignment.objects.filter(
        user=reader.user, type=AssignmentType.ANNOTATOR, task__project__in=reader.member_of
    )
    assigned = assigned.filter(task__is_labeled=False, task__deleted_at=None, task__closed_at=None)
    done = Annotation.objects.filter(task=OuterRef("task"), completed_by=reader.user)
    assigned = assigned.exclude(Exists(done.exclude(state__in=ABSENT)))
    return _rows(reader, assigned, Kind.TO_LABEL, project_=F("task__project"), since_=F("created_at"))


def comments(reader: Reader) -> QuerySet:
    """Comments by others on this person's work, or after a comment of theirs, that they have neither answered
    nor followed by a new version. Comments on returned work belong to that item.
    """
    unresolved = Comment.objects.visible_to(reader.user).filter(
        is_resolved=False, task__closed_at=None, annotation__isnull=False
    )
    own = Comment.objects.present().filter(annotation=OuterRef("annotation"), created_by=reader.user)
    newer_version = History.objects.filter(
        annotation=OuterRef("annotation"), created_by=reader.user, created_at__gt=OuterRef("created_at")
    )
    concerns = Q(annotation__completed_by=reader.user) | Exists(own.filter(id__lt=OuterRef("id")))
    answered = Exists(own.filter(id__gt=OuterRef("id"))) | Exists(newer_version)
    returned_work = Q(annotation__returned_to=reader.user)
    waiting = (
        unresolved.filter(concerns).exclude(created_by=reader.user).exclude(returned_work).exclude(answered)
    )
    return _rows(
        reader,
        waiting,
        Kind.COMMENTS,
        annotation_=F("annotation"),
        about_=F("id"),
        since_=F("created_at"),
        text_=F("text"),
    )


def corrections(reader: Reader) -> QuerySet:
    """One item for each fix, however much it changed."""
    fixes = (
        feed(reader.user)
        .filter(acknowledged_at=None)
        .select_related(None)
        .defer(None)
        .order_by()
        .values("review")
    )
    grouped = fixes.annotate(
        kind_=_constant(Kind.CORRECTIONS),
        project_=F("project"),
        task_=F("annotation__task"),
        annotation_=F("annotation"),
        about_=F("review"),
        since_=Min("created_at"),
        count_=Cast(Count("id"), IntegerField()),
        text_=Value("", TextField()),
    )
    return _oldest(reader, grouped, "about_")


QUERIES: dict[Kind, Callable[[Reader], QuerySet]] = {
    Kind.RETURNED: returned,
    Kind.DISPUTES: disputes,
    Kind.COMMENTS: comments,
    Kind.CORRECTIONS: corrections,
    Kind.TO_REVIEW: to_review,
    Kind.TO_LABEL: to_label,
}


def _rows(reader: Reader, found: QuerySet, kind: Kind, **named: Any) -> QuerySet:
    # The names end in `_`, because annotate() does not accept the names of fields.
    columns = {"project_": F("project"), "task_": F("task"), "annotation_": _NO_ID, "about_": _NO_ID} | named
    columns = {
        "kind_": _constant(kind),
        "count_": Value(1, IntegerField()),
        "text_": Value("", TextField()),
    } | columns
    return _oldest(reader, found.annotate(**columns), "pk")


def _oldest(reader: Reader, found: QuerySet, then_by: str) -> QuerySet:
    of_project = found.filter(project_=reader.project) if reader.project else found
    return of_project.order_by("since_", then_by).values_list(*COLUMNS)[: BOUND + 1]


def _constant(kind: Kind) -> Value:
    return Value(kind.value, CharField())


def items(reader: Reader, kind: Kind) -> list[Item]:
    """At most BOUND + 1."""
    there = reader.reviewing if kind == Kind.COMMENTS else []
    return [Item(Kind(row[0]), *row[1:], on_review_screen=row[1] in there) for row in QUERIES[kind](reader)]
