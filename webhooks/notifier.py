"""Wakes the sender soon after a commit. Losing a wake-up costs a second, the sweep's, never an event.

Redis may be slow, frozen or gone, so no request speaks to it: a thread of this process does, one message for each endpoint
however many events rang. After a failure it keeps quiet for REST_SECONDS.
"""

import logging
import os
import threading
import time
from collections.abc import Mapping

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)
REST_SECONDS = 10
EXPIRES_SECONDS = 10
QUEUE, SLOW_QUEUE = "deliver", "deliver-slow"


class Bell:
    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._waiting: dict[int, bool] = {}
        self._owner = 0  # the process our thread lives in: threads do not survive a fork

    def ring(self, due: Mapping[int, bool]) -> None:
        """Endpoint → whether it is slow."""
        with self._rung:
            self._waiting.update(due)
            self._rung.notify()
            if self._owner != os.getpid():
                threading.Thread(target=self._answer, name="webhook-notifier", daemon=True).start()
                self._owner = os.getpid()

    def _answer(self) -> None:
        while True:
            with self._rung:
                self._rung.wait_for(lambda: self._waiting)
                waiting, self._waiting = self._waiting, {}
            if not self._publish(waiting):
                time.sleep(REST_SECONDS)

    def _publish(self, due: Mapping[int, bool]) -> bool:
        try:
            with current_app.connection_for_write(transport_options=_patience()) as connection:
                for webhook_id, is_slow in due.items():
                    wake(webhook_id, is_slow, connection=connection)
        except Exception as error:  # whatever it is, the sweep sends what is due
            log.warning("no wake-ups for %s s: %s", REST_SECONDS, error)
            return False
        return True


def wake(webhook_id: int, is_slow: bool, **how) -> None:
    """Ask a worker to send what is due for one endpoint. The slow ones wait for each other, and for nobody else."""
    queue = SLOW_QUEUE if is_slow else QUEUE
    current_app.send_task(
        "webhooks.jobs.drain", (webhook_id,), queue=queue, expires=EXPIRES_SECONDS, retry=False, **how
    )


def _patience() -> dict:
    return settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": 1, "socket_connect_timeout": 1}


ring = Bell().ring
