"""Hosts that a project's media may come from.

They become part of the Content-Security-Policy, so their syntax is strict.
"""

import re

from django.core.exceptions import ValidationError

from users.sentences import sentence as _

from .errors import Refused

MAX_ORIGINS = 20
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"(?::[1-9]\d{0,4})?"
# No wildcards: they would let in other customers of the same host. Plain http only on this machine.
_ORIGIN = re.compile(
    rf"(?:https://(?=[^:]{{1,253}}(?::|\Z))(?:{_LABEL}\.)*{_LABEL}|http://(?:localhost|127\.0\.0\.1)){_PORT}"
)


def validate_origin(text: str) -> None:
    if not _ORIGIN.fullmatch(text):
        raise ValidationError(
            _(
                "%(text)r is not an origin. Use scheme and host in lower case, without path or wildcard: "
                "https://images.example.org or https://images.example.org:8443.",
                text=text[:80],
            ),
            code="bad_media_origin",
        )


def check_origins(origins: list[str]) -> None:
    """Raises Refused if one of them is invalid, or if there are too many."""
    try:
        for origin in origins:
            validate_origin(origin)
    except ValidationError as error:
        raise Refused("bad_media_origin", error.messages[0], field="media_origins")
    if len(origins) > MAX_ORIGINS:
        raise Refused(
            "too_many_media_origins",
            _("A project can have at most %(max_origins)s media origins.", max_origins=MAX_ORIGINS),
            field="media_origins",
        )
