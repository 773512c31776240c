"""Leases on entries: renewing, letting go, who holds what. Times are the database's."""

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
    """Hold it longer; until when. One that has run out is still one's own while nobody has taken the item.
    None: it is gone."""
    held = QueueEntry.objects.filter(lease=lease, leased_to=user)
    if not held.update(leased_until=Now() + timedelta(seconds=settings.LEASE_SECONDS)):
        return None
    return held.values_list("leased_until", flat=True).first()


def release(lease: UUID) -> bool:
    """The item is free for others. False: there was nothing to let go."""
    return bool(QueueEntry.objects.filter(lease=lease).update(**NONE))


def release_all(project: Project, user: User) -> int:
    """Somebody leaves or pauses: what they hold here is free."""
    return QueueEntry.objects.filter(project=project, leased_to=user).update(**NONE)


def holder_of(lease: UUID) -> QueueEntry | None:
    return QueueEntry.objects.filter(lease=lease).first()


def live(project: Project) -> QuerySet[QueueEntry]:
    return QueueEntry.objects.filter(project=project, lease__isnull=False, leased_until__gt=Now())


def holder_on(annotation: Annotation) -> int | None:
    """Who has it just now."""
    return (
        QueueEntry.objects.filter(annotation=annotation, leased_until__gt=Now())
        .values_list("leased_to", flat=True)
        .first()
    )
