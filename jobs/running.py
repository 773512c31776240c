"""A job as its own step sees it.

A step may hold one long transaction, into which nobody else can look. So progress is written, the lease
renewed and a cancellation noticed over a second connection, whose statements commit one by one.
"""

import logging
import threading
import time
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import Error, connection

from .models import Job
from .progress import Progress, no_progress

log = logging.getLogger(__name__)

STEP_SECONDS = 20
REPORT_SECONDS = 0.5  # progress is not written more often than this


class Cancelled(Exception):
    """Somebody has cancelled the job."""


class LeaseLost(Exception):
    """The lease ran out and another worker has the job, or it is gone. This step must not commit."""


class WorkerLost(Exception):
    """Too many workers died during one step."""


class RunningJob:
    """Without a second connection, as in a request (run_now): progress is written when the step ends, and
    told to `progress` before."""

    def __init__(self, job: Job, progress: Progress = no_progress) -> None:
        self.job, self._progress = job, progress
        self.done, self.total, self.sentence = job.done, job.total, job.sentence
        self._started = time.monotonic()

    @property
    def token(self) -> UUID | None:
        return self.job.lease_token

    @property
    def is_out_of_time(self) -> bool:
        """Whether the step should commit now and continue in the next one."""
        return time.monotonic() - self._started > STEP_SECONDS

    def report_progress(self, done: int, total: int | None = None, sentence: str = "") -> None:
        """Cheap enough to call for every batch. Raises Cancelled or LeaseLost when the step has to stop."""
        self.done, self.total, self.sentence = done, total, sentence[:255]
        self._progress(done, total, self.sentence)
        self.check_cancelled()

    def check_cancelled(self) -> None:
        """Raises Cancelled or LeaseLost when the step has to stop."""


class LeasedJob(RunningJob):
    """Holds the lease for as long as the `with` block runs, even while a single statement takes minutes."""

    def __enter__(self) -> Self:
        self._connection = connection.copy()
        # The renewing thread uses it, too; Django refuses that otherwise.
        self._connection.inc_thread_sharing()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._reported = 0.0
        self._renewals = threading.Thread(target=self._renew, name=f"lease of job {self.job.pk}", daemon=True)
        self._renewals.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Joined before closing: a renewal may be under way.
        self._over.set()
        self._renewals.join()
        self._connection.close()

    def check_cancelled(self) -> None:
        if time.monotonic() - self._reported < REPORT_SECONDS:
            return
        self._reported = time.monotonic()
        row = self._write()
        if row is None:
            raise LeaseLost
        if row[0]:
            raise Cancelled

    def _renew(self) -> None:
        while not self._over.wait(settings.JOB_LEASE_SECONDS / 4):
            try:
                self._write()
            except Error as error:  # the step itself will notice, or the lease runs out
                log.warning("the lease of job %s could not be renewed: %s", self.job.pk, error)

    def _write(self) -> tuple[Any, ...] | None:
        progress = [self.done, self.total, self.sentence]
        values = [settings.JOB_LEASE_SECONDS, *progress, self.job.pk, self.token]
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(_RENEW, values)
            return cursor.fetchone()


_RENEW = """
    UPDATE jobs_job SET lease_until = now() + make_interval(secs => %s), done = %s, total = %s, sentence = %s
    WHERE id = %s AND lease_token = %s RETURNING cancel_requested_at IS NOT NULL
"""
