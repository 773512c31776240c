"""Time zones, by IANA name."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError

from .sentences import sentence as _


def validate_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)r is not a time zone. Use an IANA name such as Europe/Berlin.", name=name),
            code="unknown_zone",
        )


def zone_of(name: str) -> ZoneInfo:
    """UTC if the name is unknown: a list must not fail because of an imported value."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
