"""Hosts that a project's pictures and sounds may come from: they end up in a header of the page, so they are held to a form."""

import re

from django.core.exceptions import ValidationError

from .errors import Refused

MOST = 20
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"(?::[1-9]\d{0,4})?"
# No wildcard: a host of strangers beside one's own bucket would be let in with it. Plain http on this machine only.
_ORIGIN = re.compile(
    rf"(?:https://(?=[^:]{{1,253}}(?::|\Z))(?:{_LABEL}\.)*{_LABEL}|http://(?:localhost|127\.0\.0\.1)){_PORT}"
)


def validate_origin(text: str) -> None:
    if not _ORIGIN.fullmatch(text):
        raise ValidationError(
            f"{text[:80]!r} is not an origin. Write scheme and host, in small letters and without a path or wildcard: "
            "https://pictures.example.org or https://pictures.example.org:8443.",
            code="bad_media_origin",
        )


def check_origins(origins: list[str]) -> None:
    """All of a project's. Raises Refused."""
    try:
        for origin in origins:
            validate_origin(origin)
    except ValidationError as error:
        raise Refused("bad_media_origin", error.messages[0], field="media_origins")
    if len(origins) > MOST:
        raise Refused(
            "too_many_media_origins",
            f"A project takes media from at most {MOST} hosts.",
            field="media_origins",
        )
