"""Asks Celery to send soon after a commit.

A lost message costs a second, until the sweep finds the delivery; never an event.

Redis may be slow, frozen or gone, so requests never talk to it: a background thread of the process does, one
message for each endpoint however many events there were. After a failure it pauses for PAUSE_SECONDS.
"""

import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from celery import current_app
from django.conf import settings
from kombu import Connection

log = logging.getLogger(__name__)
PAUSE_SECONDS = 10
EXPIRES_SECONDS = 10
QUEUE, SLOW_QUEUE = "deliver", "deliver-slow"


class Notifier:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: dict[int, bool] = {}
        self._process = 0  # where our thread runs: threads do not survive a fork

    def notify(self, due: Mapping[int, bool]) -> None:
        """`due`: endpoint id → whether it is slow."""
        with self._changed:
            self._pending.update(due)
            self._changed.notify()
            if self._process != os.getpid():
                threading.Thread(target=self._run, name="webhook-notifier", daemon=True).start()
                self._process = os.getpid()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending)
                pending, self._pending = self._pending, {}
            if not self._publish(pending):
                time.sleep(PAUSE_SECONDS)

    def _publish(self, due: Mapping[int, bool]) -> bool:
        impatient = {"socket_timeout": 1, "socket_connect_timeout": 1}
        options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | impatient
        try:
            with current_app.connection_for_write(transport_options=options) as connection:
                for webhook_id, is_slow in due.items():
                    enqueue_drain(webhook_id, is_slow, connection=connection)
        except Exception as error:  # whatever it is, the sweep will send what is due
            log.warning("no messages to the sender for %s s: %s", PAUSE_SECONDS, error)
            return False
        return True


def enqueue_drain(webhook_id: int, is_slow: bool, *, connection: Connection | None = None) -> None:
    """Ask a worker to send what is due for one endpoint.

    Slow endpoints have a queue of their own and delay only each other.
    """
    options: dict[str, Any] = {"connection": connection} if connection else {}
    queue = SLOW_QUEUE if is_slow else QUEUE
    current_app.send_task(
        "webhooks.jobs.drain", (webhook_id,), queue=queue, expires=EXPIRES_SECONDS, retry=False, **options
    )


notify = Notifier().notify
