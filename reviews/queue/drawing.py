"""The next annotation for a reviewer: one statement that finds it, locks it past everybody else's, and leases it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from tasks import locks
from tasks.choices import Sampling
from tasks.models import Project
from tasks.roles import may

from ..models import Queue

COUNT_LIMIT = 10_000

ORDERS = {
    Sampling.TASK_ID: "e.task_id, e.annotation_id",
    Sampling.RANDOM: "e.shuffle",
    Sampling.BY_ANNOTATOR: "e.author_id, e.annotation_id",
    Sampling.REWORKED_FIRST: "e.reworked DESC, e.annotation_id",
    Sampling.LOWEST_SCORE: "e.lowest_score, e.annotation_id",
}
LONGEST_WAITING = "e.entered_at, e.annotation_id"

LIVE = "e.leased_until > statement_timestamp()"  # the database's clock: nobody else's is asked
FREE = f"(e.leased_until IS NULL OR NOT {LIVE})"
MINE = f"(e.leased_to_id = %(user)s AND {LIVE})"


@dataclass(frozen=True)
class Ask:
    """What a reviewer wants from the queue: of one queue (or disputes first, then what waits for review), of one task, and
    none of the annotations they have put aside."""

    project: Project
    user: Any
    queue: str | None = None
    task_id: int | None = None
    aside: tuple[int, ...] = ()

    @property
    def queues(self) -> tuple[str, ...]:
        return (self.queue,) if self.queue else (Queue.DISPUTES, Queue.REVIEW)

    @cached_property
    def is_for_manager(self) -> bool:
        return may(self.user, "manage_project", self.project)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "project": self.project.pk,
            "user": self.user.pk,
            "task": self.task_id,
            "aside": list(self.aside),
            "queues": [str(queue) for queue in self.queues],
            "seconds": settings.LEASE_SECONDS,
            "limit": COUNT_LIMIT + 1,
        }

    def wanted(self) -> list[str]:
        """Conditions on entries `e`: what was asked for."""
        asked = ["e.project_id = %(project)s"]
        asked += ["e.task_id = %(task)s"] if self.task_id else []
        asked += ["e.annotation_id <> ALL(%(aside)s)"] if self.aside else []
        return asked

    def permitted(self) -> list[str]:
        """Conditions on entries `e`: what this person may decide."""
        rules = ["(e.not_for_id IS NULL OR e.not_for_id <> %(user)s)"]
        others = ["e.author_id <> %(user)s", "e.written_by_id <> %(user)s"]
        # Where people may review themselves, they still do not decide what they contest.
        rules += (
            [f"(e.queue <> '{Queue.DISPUTES.value}' OR {' AND '.join(others)})"]
            if self.project.allow_self_review
            else others
        )
        if self.project.review_only_manual_assignments and not self.is_for_manager:
            rules += [
                "e.task_id IN (SELECT task_id FROM tasks_assignment WHERE user_id = %(user)s AND type = 'RE')"
            ]
        return rules


@dataclass(frozen=True)
class Lease:
    """A place in a queue, held by one person. It reserves; it does not give the right to decide (rules §2)."""

    id: UUID
    annotation_id: int
    queue: str
    expires_at: datetime


def statement(ask: Ask, *, skip_locked: bool = True) -> str:
    """What one holds already, else the first free one of each queue. A branch is looked at only where those before are empty."""
    lock = "LIMIT 1 FOR UPDATE SKIP LOCKED" if skip_locked else "LIMIT 1 FOR UPDATE"
    rules = [*ask.wanted(), *ask.permitted()]
    held = _select([*rules, "e.queue = ANY(%(queues)s)", MINE], order="e.leased_at", lock=lock)
    free = [
        _select(
            [*rules, *part, f"e.queue = '{Queue(queue).value}'", FREE],
            order=order_of(ask.project, queue),
            lock=lock,
        )
        for queue in ask.queues
        for part in _parts(ask, queue)
    ]
    named = {"held": held, **{f"free{number}": query for number, query in enumerate(free)}}
    candidates = ", ".join(f"{name} AS MATERIALIZED ({query})" for name, query in named.items())
    first = " UNION ALL ".join(f"SELECT annotation_id FROM {name}" for name in named)
    return f"""
        WITH {candidates}
        UPDATE reviews_queueentry e SET
            lease = CASE WHEN {MINE} THEN e.lease ELSE gen_random_uuid() END,
            leased_at = CASE WHEN {MINE} THEN e.leased_at ELSE statement_timestamp() END,
            leased_to_id = %(user)s,
            leased_until = statement_timestamp() + make_interval(secs => %(seconds)s)
        WHERE e.annotation_id = (SELECT annotation_id FROM ({first}) found LIMIT 1)
        RETURNING e.lease, e.annotation_id, e.queue, e.leased_until
    """


def _parts(ask: Ask, queue: str) -> list[list[str]]:
    """By annotator, one's own stretch of the index is stepped over instead of read through: before it, then after it."""
    by_author = (
        order_of(ask.project, queue) == ORDERS[Sampling.BY_ANNOTATOR] and not ask.project.allow_self_review
    )
    return [["e.author_id < %(user)s"], ["e.author_id > %(user)s"]] if by_author else [[]]


def order_of(project: Project, queue: str) -> str:
    return LONGEST_WAITING if queue == Queue.DISPUTES else ORDERS[Sampling(project.sampling)]


def _select(rules: list[str], *, order: str, lock: str) -> str:
    return f"SELECT e.annotation_id FROM reviews_queueentry e WHERE {' AND '.join(rules)} ORDER BY {order} {lock}"


def draw(ask: Ask) -> Lease | None:
    """Lease the next one, or renew the one this person holds. None: nothing is free for them."""
    with transaction.atomic(), connection.cursor() as cursor:
        locks.hold(locks.Lock.REVIEW_DRAW, ask.user.pk)
        cursor.execute(statement(ask), ask.parameters)
        row = cursor.fetchone()
        if row is None and remaining(ask):
            # All that is free was being looked at by others: wait for them.
            cursor.execute(statement(ask, skip_locked=False), ask.parameters)
            row = cursor.fetchone()
    return Lease(*row) if row else None


def remaining(ask: Ask) -> int:
    """How many this person could still get, the one they hold included; more than COUNT_LIMIT means: at least so many."""
    rules = " AND ".join(
        [*ask.wanted(), *ask.permitted(), "e.queue = ANY(%(queues)s)", f"({FREE} OR {MINE})"]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM reviews_queueentry e WHERE {rules} LIMIT %(limit)s) limited",
            ask.parameters,
        )
        return cursor.fetchone()[0]
