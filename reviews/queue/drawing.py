"""Draw the next annotation for a reviewer: one statement finds it, locks it (skipping rows that others have
locked), and leases it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from tasks import locks
from tasks.choices import Sampling
from tasks.models import Project
from tasks.services.reservations import MAX_LEASE_TIMES
from users.models import User

from ..eligibility import decidable_by
from ..models import Queue, QueueEntry
from . import places

COUNT_LIMIT = 10_000

ORDERS: dict[Sampling, tuple[Any, ...]] = {
    Sampling.TASK_ID: ("task", "annotation"),
    Sampling.RANDOM: ("shuffle",),
    Sampling.BY_ANNOTATOR: ("completed_by", "annotation"),
    Sampling.REWORKED_FIRST: ("-reworked", "annotation"),
    Sampling.LOWEST_SCORE: (F("lowest_score").asc(nulls_last=True), "annotation"),
}
LONGEST_WAITING = ("entered_at", "annotation")

# By the clock of the database: those of the web processes may differ.
FREE = Q(leased_until=None) | Q(leased_until__lte=Now())


def held_by(user: User) -> Q:
    return Q(leased_to=user, leased_until__gt=Now())


def available_to(user: User, project: Project | None = None) -> Q:
    """Entries that this person could get, including those they hold."""
    return decidable_by(user, project) & (FREE | Q(leased_to=user))


@dataclass(frozen=True)
class QueueRequest:
    """What a reviewer asks for: from one queue (by default disputes, then annotations to review), from one
    task if `task_id` is set, and none of the annotations they have skipped.
    """

    project: Project
    user: User
    queue: str | None = None
    task_id: int | None = None
    skipped_ids: tuple[int, ...] = ()

    @property
    def queues(self) -> tuple[str, ...]:
        return (self.queue,) if self.queue else (Queue.DISPUTES, Queue.REVIEW)

    @property
    def wanted(self) -> QuerySet[QueueEntry]:
        """Everything that matches the request, whoever may decide it."""
        found = QueueEntry.objects.filter(project=self.project)
        if self.task_id:
            found = found.filter(task=self.task_id)
        return found.exclude(annotation__in=self.skipped_ids) if self.skipped_ids else found

    @property
    def decidable(self) -> QuerySet[QueueEntry]:
        """The part of `wanted` that this person may decide."""
        return self.wanted.filter(decidable_by(self.user, self.project))


@dataclass(frozen=True)
class Lease:
    """An entry held by one person for a while: nobody else draws it, though others may still decide it."""

    id: UUID
    annotation_id: int
    queue: str
    expires_at: datetime


MINE = "e.leased_to_id = %(user)s AND e.leased_until > statement_timestamp()"
TAKE = f"""
    WITH {{candidates}}
    UPDATE reviews_queueentry e SET
        lease = CASE WHEN {MINE} THEN e.lease ELSE gen_random_uuid() END,
        leased_at = CASE WHEN {MINE} THEN e.leased_at ELSE statement_timestamp() END,
        leased_to_id = %(user)s,
        leased_until = CASE WHEN {MINE} THEN least(
            statement_timestamp() + make_interval(secs => %(seconds)s),
            e.leased_at + make_interval(secs => %(longest)s)
        ) ELSE statement_timestamp() + make_interval(secs => %(seconds)s) END,
        opened_at = CASE WHEN e.completed_by_id = %(user)s THEN e.opened_at
            ELSE coalesce(e.opened_at, statement_timestamp()) END
    WHERE e.annotation_id = (SELECT annotation_id FROM ({{first}}) found LIMIT 1)
    RETURNING e.lease, e.annotation_id, e.queue, e.leased_until
"""


def statement(request: QueueRequest, *, skip_locked: bool = True) -> tuple[str, dict[str, Any]]:
    """The UPDATE that leases what this person holds already, else the first free entry of the first queue
    that has one.

    Each branch is a CTE, which PostgreSQL runs only if the branches before it are empty.
    """
    decidable = request.decidable
    branches = [decidable.filter(held_by(request.user), queue__in=request.queues).order_by("leased_at")]
    for queue in request.queues:
        order = order_of(request.project, queue)
        for index_range in _index_ranges(request, queue):
            branches.append(decidable.filter(index_range, FREE, queue=queue).order_by(*order))
    parameters: dict[str, Any] = {"user": request.user.pk, "seconds": settings.LEASE_SECONDS}
    parameters["longest"] = settings.LEASE_SECONDS * MAX_LEASE_TIMES
    candidates = []
    for number, branch in enumerate(branches):
        first = branch.select_for_update(skip_locked=skip_locked, of=("self",)).values("annotation")[:1]
        sql, more = with_parameters(first, prefix=f"b{number}_")
        candidates.append(f"b{number} (annotation_id) AS MATERIALIZED ({sql})")
        parameters |= more
    union = " UNION ALL ".join(f"SELECT annotation_id FROM b{number}" for number in range(len(branches)))
    return TAKE.format(candidates=", ".join(candidates), first=union), parameters


def with_parameters(rows: QuerySet, *, prefix: str) -> tuple[str, dict[str, Any]]:
    """The SQL of a queryset with named parameters, to be used within a larger statement."""
    sql, values = rows.query.sql_with_params()
    names = [f"{prefix}{number}" for number in range(len(values))]
    return sql % tuple(f"%({name})s" for name in names), dict(zip(names, values, strict=True))


def _index_ranges(request: QueueRequest, queue: str) -> list[Q]:
    """The conditions by which one queue is searched, one after the other.

    In the order of annotators, people who may not review their own work search the index before and after
    their own part of it, instead of reading through that part.
    """
    by_author = order_of(request.project, queue) == ORDERS[Sampling.BY_ANNOTATOR]
    if not by_author or request.project.allow_self_review:
        return [Q()]  # the whole queue
    return [Q(completed_by__lt=request.user), Q(completed_by__gt=request.user)]


def order_of(project: Project, queue: str) -> tuple[Any, ...]:
    return LONGEST_WAITING if queue == Queue.DISPUTES else ORDERS[Sampling(project.sampling)]


def draw(request: QueueRequest) -> Lease | None:
    """Lease the next entry, or renew the lease this person has. None: nothing is free for them."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Two tabs of one person that draw at the same time get the same entry.
        locks.hold(locks.Lock.DRAW, request.user.pk)
        cursor.execute(*statement(request))
        row = cursor.fetchone()
        if row is None and remaining(request):
            # Everything free was locked, and skipped: wait for it.
            cursor.execute(*statement(request, skip_locked=False))
            row = cursor.fetchone()
        if row:
            places.keep_to_limit(request.project, request.user, newest=row[0])
    return Lease(*row) if row else None


def remaining(request: QueueRequest) -> int:
    """How many this person could still get, including the one they hold. Counted to COUNT_LIMIT + 1."""
    available = request.wanted.filter(available_to(request.user, request.project), queue__in=request.queues)
    return available.order_by()[: COUNT_LIMIT + 1].count()
