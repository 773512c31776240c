"""Leases on queue entries: renew, release, who holds what. Times are those of the database."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Least, Now
from django.dispatch import receiver

from tasks.models import Annotation, Project
from tasks.services.reservations import MAX_LEASE_TIMES
from users.leaving import person_released
from users.models import User

from ..models import QueueEntry
from . import places
from .drawing import QueueRequest
from .reasons import before_drawing

NONE = {"lease": None, "leased_to": None, "leased_at": None, "leased_until": None}


def renew(lease: UUID, user: User) -> datetime | None:
    """Extend a lease; returns until when. One that has expired can be renewed while nobody else has taken the
    entry. None: it is gone, was held for MAX_LEASE_TIMES, or `user` may not review here any more."""
    held = QueueEntry.objects.filter(lease=lease, leased_to=user)
    entry = held.select_related("project").first()
    if entry is None or before_drawing(QueueRequest(entry.project, user)):
        return None
    # One UPDATE checks and extends it: somebody else may take over an expired lease at the same moment.
    once = timedelta(seconds=settings.LEASE_SECONDS)
    longest = ExpressionWrapper(F("leased_at") + once * MAX_LEASE_TIMES, DateTimeField())
    in_time = held.filter(leased_at__gt=Now() - once * MAX_LEASE_TIMES)
    if not in_time.update(leased_until=Least(Now() + once, longest)):
        return None
    places.keep_to_limit(entry.project, user, newest=lease)
    return held.values_list("leased_until", flat=True).first()


def release(lease: UUID) -> bool:
    """Free the entry for others. False: there was no such lease."""
    return bool(QueueEntry.objects.filter(lease=lease).update(**NONE))


def release_all(project: Project, user: User) -> int:
    """Free everything that somebody holds here, because they were removed, paused, or have another role.

    Without the locks of the tasks, so without waiting: an entry that is locked is being decided, or renewed
    for the last time.
    """
    return _free(QueueEntry.objects.filter(project=project, leased_to=user))


def _free(held: QuerySet[QueueEntry]) -> int:
    with transaction.atomic():
        free = list(held.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return QueueEntry.objects.filter(pk__in=free).update(**NONE)


@receiver(person_released)
def release_everywhere(person: User, **_: object) -> None:
    _free(QueueEntry.objects.filter(leased_to=person))


def holder_of(lease: UUID) -> QueueEntry | None:
    return QueueEntry.objects.filter(lease=lease).first()


def live(project: Project) -> QuerySet[QueueEntry]:
    return QueueEntry.objects.filter(project=project, lease__isnull=False, leased_until__gt=Now())


def holder_on(annotation: Annotation) -> int | None:
    """Who has leased it now."""
    return (
        QueueEntry.objects.filter(annotation=annotation, leased_until__gt=Now())
        .values_list("leased_to", flat=True)
        .first()
    )
