"""Time zones by their IANA names."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError


def validate_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            f"{name!r} is not a time zone. Give an IANA name, like Europe/Berlin.", code="unknown_zone"
        )


def zone_of(name: str) -> ZoneInfo:
    """UTC for a name nobody knows: a list must open whatever an import brought."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
