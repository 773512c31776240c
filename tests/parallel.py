"""Real threads, each with a connection of its own."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

from django.db import connection, transaction

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
PATIENCE = 20  # seconds


def together(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """Start all calls at once; their answers in order. The first exception is raised."""
    calls = list(calls)
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(alone, lambda call=call: run(call)) for call in calls]
        return [future.result() for future in futures]


def alone(call: Callable[[], Any]) -> Any:
    """A call in a thread leaves no connection behind."""
    try:
        return call()
    finally:
        connection.close()


def one_waits_for_another(first: Callable[[], Any], then: Callable[[], Any]) -> Future:
    """`then` begins while what `first` did is not committed, waits for its locks, and goes on after the
    commit."""
    done, commit = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            first()
            done.set()
            assert commit.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(alone, hold)
        assert done.wait(PATIENCE), holding.exception(0)
        waiting = pool.submit(alone, then)
        try:
            _until_it_waits(waiting)
        finally:
            commit.set()
        holding.result()
    return waiting


def _until_it_waits(future: Future) -> None:
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while not cursor.execute(WAITING).fetchone()[0]:
            assert not future.done(), "It did not have to wait."
            assert time.monotonic() < deadline
            time.sleep(0.01)
