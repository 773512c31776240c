"""Celery's beat, which also leaves a sign of life of its own: `-S reviewsite.beat:Scheduler`."""

import logging
import time
from typing import Any

from celery import beat
from django.db import DatabaseError, close_old_connections

from reviewsite.models import Heartbeat

BEAT = "beat"
EVERY_SECONDS = 5.0
log = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    """Keeps no file that a killed process could leave broken."""

    told_at = 0.0

    def tick(self, *args: Any, **options: Any) -> float:
        if time.monotonic() - self.told_at >= EVERY_SECONDS:
            self.told_at = time.monotonic()
            tell()
        return min(super().tick(*args, **options), EVERY_SECONDS)


def tell() -> None:
    """What is due is sent whether or not the database answers."""
    close_old_connections()
    try:
        Heartbeat.seen(BEAT)
    except DatabaseError as error:
        log.warning("beat could not leave its sign of life: %s", error)
