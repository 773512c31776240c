"""Reservations in the label stream: who is annotating which task now, so that it never gives out more than
the overlap.

They are made under the task's lock, like the counts of annotations. Times are the database's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver

from users.leaving import person_released
from users.models import User

from .. import counters
from ..models import Membership, Project, Reservation, Task
from ..roles import may

# Renewing keeps a place for so many lease times at most; whoever saves a draft keeps it longer.
MAX_LEASE_TIMES = 4
# A live reservation keeps its id, which the client renews; an expired one is a new one.
RESERVE = """
    INSERT INTO tasks_reservation AS r (id, task_id, project_id, user_id, created_at, expires_at)
    VALUES (gen_random_uuid(), %(task)s, %(project)s, %(user)s, statement_timestamp(),
        statement_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (task_id, user_id) DO UPDATE SET
        expires_at = CASE WHEN r.expires_at > statement_timestamp() THEN greatest(r.expires_at, least(
            excluded.expires_at, r.created_at + make_interval(secs => %(longest)s)))
            ELSE excluded.expires_at END,
        id = CASE WHEN r.expires_at > statement_timestamp() THEN r.id ELSE excluded.id END,
        created_at = CASE WHEN r.expires_at > statement_timestamp() THEN r.created_at
            ELSE excluded.created_at END
    RETURNING id, expires_at
"""


@dataclass(frozen=True)
class Place:
    id: UUID
    task_id: int
    expires_at: datetime


def live(project: Project) -> QuerySet[Reservation]:
    return Reservation.objects.filter(project=project, expires_at__gt=Now())


def reserve(task: Task, user: User) -> Place | None:
    """Reserve this locked task for `user`, or extend their reservation. None if all places are taken."""
    with_others = Reservation.objects.filter(task=task, expires_at__gt=Now()).exclude(user=user).count()
    if counters.count_annotations([task.pk])[task.pk].filled_slots + with_others >= task.overlap:
        return None
    asked = {"task": task.pk, "project": task.project_id, "user": user.pk, "seconds": settings.LEASE_SECONDS}
    asked["longest"] = settings.LEASE_SECONDS * MAX_LEASE_TIMES
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, asked)
        found, expires_at = cursor.fetchone()
    return Place(found, task.pk, expires_at)


def renew(place: UUID, user: User) -> Place | None:
    """Extend a reservation. An expired one is renewed if there is still room. None if there is not, if it was
    held for MAX_LEASE_TIMES, or if `user` gets no work here any more.
    """
    with transaction.atomic():
        held = Reservation.objects.filter(pk=place, user=user).first()
        if held is None or not _gets_work(user, held.project_id):
            return None
        task = Task.objects.lock([held.task_id]).filter(deleted_at=None).first()
        return _renew_locked(place, task, user) if task else None


def _gets_work(user: User, project_id: int) -> bool:
    paused = Membership.objects.filter(project=project_id, user=user, paused=True)
    return may(user, "annotate", project_id) and not paused.exists()


def _renew_locked(place: UUID, task: Task, user: User) -> Place | None:
    """Under the lock: it may have been ended by submitting."""
    longest = timedelta(seconds=settings.LEASE_SECONDS * MAX_LEASE_TIMES)
    held = Reservation.objects.filter(pk=place, user=user)
    if not held.filter(Q(expires_at__gt=Now()) | Q(created_at__gt=Now() - longest)).exists():
        return None
    return reserve(task, user)


def extend(task_id: int, user_id: int) -> None:
    """Keep the reservation of somebody who is working on the task (a draft was saved)."""
    Reservation.objects.filter(task=task_id, user=user_id, expires_at__gt=Now()).update(
        expires_at=Now() + timedelta(seconds=settings.LEASE_SECONDS)
    )


def end(task_ids: Iterable[int], users: Iterable[Any]) -> None:
    """The tasks were submitted or skipped."""
    Reservation.objects.filter(task__in=list(task_ids), user__in=list(users)).delete()


def release(place: UUID) -> bool:
    """False if there was no such reservation."""
    deleted, _ = Reservation.objects.filter(pk=place).delete()
    return bool(deleted)


def release_all(project: Project, user: User) -> int:
    """Somebody leaves, is paused or gets another role: their reservations in the project end."""
    return _delete_unlocked(Reservation.objects.filter(project=project, user=user))


@receiver(person_released)
def release_everywhere(person: User, **_: object) -> None:
    Reservation.objects.filter(user=person).delete()


def sweep() -> int:
    """Delete expired reservations, which nothing counts any more."""
    return _delete_unlocked(Reservation.objects.filter(expires_at__lt=Now()))


def _delete_unlocked(rows: QuerySet[Reservation]) -> int:
    """Without the locks of their tasks, so without waiting: what somebody has locked is being ended, or
    renewed for the last time.
    """
    with transaction.atomic():
        free = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return Reservation.objects.filter(pk__in=free).delete()[0]
