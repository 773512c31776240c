"""The label stream: what somebody annotates next.

Work returned to them first, then the first task that needs annotations.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import GreaterThan

from users.models import User

from .. import events, locks
from ..choices import AssignmentType
from ..models import Annotation, Assignment, Draft, Membership, Project, Reservation
from ..roles import may
from ..state import RETURNED_TO_SOMEBODY, State
from .reservations import Place, reserve

RETURNED = "Rejected work sent back to you"
FRESH = "Tasks that still want an annotation"
HISTORY_LENGTH = 100


@dataclass(frozen=True)
class Drawn:
    """Returned work has no `place`: it is not reserved, it is its author's."""

    task_id: int
    queue: str
    annotation_id: int | None = None
    place: Place | None = None


@transaction.atomic
def draw(project: Project, tasks: QuerySet, user: User) -> Drawn | None:
    """The next of `tasks` (those visible to `user`), reserved for them. None if there is nothing left."""
    if not may(user, "annotate", project):
        return None
    return _returned(tasks, user) or _fresh(project, tasks, user)


def _mine(user: User) -> QuerySet:
    return Annotation.objects.filter(completed_by=user, deleted_at=None)


def _returned(tasks: QuerySet, user: User) -> Drawn | None:
    """Returned to `user`, or returned to anyone while nobody else has filled the slot."""
    to_them = RETURNED_TO_SOMEBODY & Q(returned_to=user)
    to_anyone = Q(state=State.POOLED, completed_by=user, task__is_labeled=False)
    of_tasks = Annotation.objects.filter(task__in=tasks.order_by().values("pk"), task__closed_at=None)
    found = of_tasks.filter(to_them | to_anyone).order_by("returned_at", "pk").first()
    return Drawn(found.task_id, RETURNED, found.pk) if found else None


def _fresh(project: Project, tasks: QuerySet, user: User) -> Drawn | None:
    """A task with room that `user` has not annotated.

    (A redistributed annotation frees its slot, but not for its author.)
    """
    if Membership.objects.filter(project=project, user=user, paused=True).exists():
        return None
    locks.hold(locks.Lock.DRAW, user.pk)
    mine = Exists(_mine(user).filter(task=OuterRef("pk")))
    open_tasks = tasks.filter(~mine, is_labeled=False, closed_at=None)
    # A few ids, so that the next query need not search all tasks.
    held = list(_live().filter(project=project, user=user).values_list("task", flat=True))
    given = Exists(Assignment.objects.filter(task=OuterRef("pk"), user=user, type=AssignmentType.ANNOTATOR))
    # What they hold already, then what is assigned to them, then any task.
    place = (
        (_take(open_tasks.filter(pk__in=held), user) if held else None)
        or _take(open_tasks.filter(given).filter(_has_room_for(user)), user, skip_locked=True)
        or _take(open_tasks.filter(_has_room_for(user)), user, skip_locked=True)
        # All tasks with room are locked by others: wait for them.
        or _take(open_tasks.filter(_has_room_for(user)), user)
    )
    if place is None:
        return None
    events.emit(events.PLACE_TAKEN, project, actor=user, detail={"place": place.id})
    return Drawn(place.task_id, FRESH, place=place)


def _live() -> QuerySet[Reservation]:
    return Reservation.objects.filter(expires_at__gt=Now())


def _has_room_for(user: User) -> Any:
    """Fewer people than the overlap have annotated it or hold a reservation, as far as can be seen without a
    lock.
    """
    filling = Annotation.objects.filter(fills_slot=True, task=OuterRef("pk"))
    with_others = _live().filter(task=OuterRef("pk")).exclude(user=user)
    return GreaterThan(F("overlap"), _number_of(filling, "completed_by") + _number_of(with_others, "user"))


def _number_of(rows: QuerySet, person: str) -> Any:
    counted = rows.order_by().values("task").annotate(number=Count(person, distinct=True)).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _take(tasks: QuerySet, user: User, *, skip_locked: bool = False) -> Place | None:
    """Reserve the first of `tasks` that still has room under its lock. The others are unlocked again."""
    full: list[int] = []
    while True:
        before = transaction.savepoint()
        rows = tasks.exclude(pk__in=full) if full else tasks
        task = rows.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked).first()
        if task is None:
            return None
        if place := reserve(task, user):
            return place
        transaction.savepoint_rollback(before)
        full.append(task.pk)


def history(project: Project, user: User) -> list[dict[str, int | None]]:
    """The tasks that `user` last had in the project, oldest first: `{taskId, annotationId}`, each task once.
    Null where there is no annotation yet: a draft, or a task they hold."""
    here = {"task__deleted_at": None, "task__project": project}
    done = _mine(user).filter(project=project, task__deleted_at=None, is_draft=False)
    drafts = Draft.objects.filter(user=user, annotation=None, **here)
    held = _live().filter(user=user, **here)
    rows: list[tuple[Any, int, int | None]] = [
        (a.created_at, a.task_id, a.pk) for a in _latest(done).only("created_at", "task_id")
    ]
    for started in (drafts, held):
        rows += [(one.created_at, one.task_id, None) for one in _latest(started)]
    last: dict[int, tuple[Any, int, int | None]] = {}
    for row in sorted(rows, key=lambda row: (row[0], row[1])):
        known = last.get(row[1])
        # A draft or a place beside a submitted annotation tells nothing new.
        last[row[1]] = known if known and known[2] is not None and row[2] is None else row
    latest = sorted(last.values(), key=lambda row: (row[0], row[1]))[-HISTORY_LENGTH:]
    return [{"taskId": task, "annotationId": annotation} for _, task, annotation in latest]


def _latest(rows: QuerySet) -> QuerySet:
    return rows.order_by("-created_at", "-pk")[:HISTORY_LENGTH]
