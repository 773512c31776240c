"""Leases on queue entries: renew, release, who holds what. Times are those of the database."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from tasks.models import Annotation, Project
from users.models import User

from ..models import QueueEntry

NONE = {"lease": None, "leased_to": None, "leased_at": None, "leased_until": None}


def renew(lease: UUID, user: User) -> datetime | None:
    """Extend a lease; returns until when. One that has expired can be renewed while nobody else has taken the
    entry. None: it is gone."""
    # One UPDATE checks and extends it: somebody else may take over an expired lease at the same moment.
    held = QueueEntry.objects.filter(lease=lease, leased_to=user)
    if not held.update(leased_until=Now() + timedelta(seconds=settings.LEASE_SECONDS)):
        return None
    return held.values_list("leased_until", flat=True).first()


def release(lease: UUID) -> bool:
    """Free the entry for others. False: there was no such lease."""
    return bool(QueueEntry.objects.filter(lease=lease).update(**NONE))


def release_all(project: Project, user: User) -> int:
    """Free everything that somebody holds here, because they were removed or paused."""
    return QueueEntry.objects.filter(project=project, leased_to=user).update(**NONE)


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
