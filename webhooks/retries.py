"""The retry schedule. Times in seconds."""

import random

from django.conf import settings

MINUTE, HOUR = 60, 3600
# The wait before each attempt, counted from the end of the one before it.
WAITS = (0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
ATTEMPTS = len(WAITS)
JITTER = 0.2
# After 429 or a timeout: the consumer is overloaded.
OVERLOADED_WAIT = 60
LONGEST_RETRY_AFTER = 24 * HOUR
TOO_MANY_REQUESTS = 429


def wait_after(
    attempts: int, *, status: int | None = None, error: str = "", retry_after: float = 0
) -> float | None:
    """How long to wait after `attempts` failed ones; None if that was the last.

    WEBHOOK_TIME_SCALE shortens our own waits, not what the consumer asks for.
    """
    if attempts >= ATTEMPTS:
        return None
    wait = WAITS[attempts] * random.uniform(1 - JITTER, 1 + JITTER)
    if status == TOO_MANY_REQUESTS or error == "timeout":
        wait = max(wait, OVERLOADED_WAIT)
    return max(wait * settings.WEBHOOK_TIME_SCALE, min(retry_after, LONGEST_RETRY_AFTER))


def scaled_waits() -> list[float]:
    """The wait before each attempt under WEBHOOK_TIME_SCALE, without jitter."""
    return [wait * settings.WEBHOOK_TIME_SCALE for wait in WAITS]
