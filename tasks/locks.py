"""Every PostgreSQL advisory lock of the product, and the order in which locks are taken.

Advisory locks serialize work for which there is no single row to lock. All of them belong to a transaction
and end with it: session locks would outlive the request behind pgbouncer.

Lock order, in every path that writes:

1. advisory locks: one that waits (`hold`) at most once per transaction (imports: see below), `try_hold`
   before it;
2. the project row (FOR NO KEY UPDATE to change its settings, FOR SHARE to add tasks to it);
3. annotations, ordered by id;
4. their tasks, ordered by id;
5. entries of the review queue and the other rows that follow from a task, under the lock of their task;
6. memberships of one project, ordered by id: the person's and those of all managers. Tabs, endpoints, drafts:
   one row. With these locks nothing waits for another lock.

A row is read (again) after it, or the row above that all its writers lock, is locked: comments and
predictions under the lock of their task. Only what changed is written; `tests/reviewsite/test_saving.py`
has every exception.

Public campaigns have rows of their own, after those above: the campaign, if it is changed; participations;
items, ordered by id; their slots, ordered by id; a row of counts, last. A claim locks one slot without its
item, with SKIP LOCKED.

An import takes 1 and 2 at its end, after its tasks: only its commit makes them visible, so nobody else can
hold them. If it changes tasks that others see, it takes 1 to 4 of all of them first. Before all of these, and
in this order, it takes EQUAL_DATA, if it recognises tasks by their data, and the rows of its uploaded files.

Rows are locked FOR NO KEY UPDATE: plain FOR UPDATE deadlocks with the FOR KEY SHARE that foreign keys take.
Where rows are locked out of this order it is with SKIP LOCKED, so that nobody waits. Drawing from the
review queue locks one entry, by itself. Totals of a project are never locked: transactions append deltas,
which a job adds up.
"""

from enum import IntEnum

from django.db import connection


class Lock(IntEnum):
    """What a lock protects, and what its key is. The numbers name the locks in `pg_locks.classid`."""

    PROJECT_TASKS = 0x1AB
    """Adding tasks to a project, changing its settings, or redrawing its review sample. Key: the project."""

    DRAW = 0x1AC
    """Drawing from the review queue or the label stream: two tabs of one person get the same item, and places
    are counted. Key: the user."""

    EQUAL_DATA = 0x1AD
    """Showing the tasks of an import that recognises tasks by equal data. Key: the project."""

    UPLOADS = 0x1AE
    """Keeping the files of an upload with an Idempotency-Key, once. Key: the user."""

    EVENT_POSITIONS = 0x0E7E
    """Numbering committed events, one process at a time, so that positions stay in order. No key."""


def hold(lock: Lock, key: int = 0) -> None:
    """Wait for the lock and keep it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", _numbers(lock, key))


def try_hold(lock: Lock, key: int = 0) -> bool:
    """Take the lock until the transaction ends, without waiting. False if another transaction has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _numbers(lock, key))
        return cursor.fetchone()[0]


def _numbers(lock: Lock, key: int) -> list[int]:
    # The key is an int4. Ids that share a number only wait for each other without need.
    return [lock.value, key % 2**31]
