"""Single values as they are in every JSON body."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils.timesince import timesince
from django.utils.timezone import now

Body = dict[str, Any]
START = datetime(2000, 1, 1, tzinfo=UTC)


def wire_time(moment: datetime) -> str:
    """UTC with six digits after the point: `2026-01-02T03:04:05.123456Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def wire_time_or_none(moment: datetime | None) -> str | None:
    return wire_time(moment) if moment is not None else None


def time_ago(moment: datetime) -> str:
    """ "2 hours, 5 minutes", as Label Studio says how old something is."""
    age = now() - moment
    # Up to four weeks the words depend on the age alone; above, on the lengths of the months between.
    return _age_in_words(age // timedelta(minutes=1)) if age < timedelta(days=28) else timesince(moment)


@lru_cache(maxsize=28 * 24 * 60)
def _age_in_words(minutes: int) -> str:
    return timesince(START, START + timedelta(minutes=minutes))
