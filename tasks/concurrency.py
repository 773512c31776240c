"""Optimistic concurrency.

Two optional tokens: `If-Match` fails on any change, `last_annotation_history` on a new version.
"""

import re
from dataclasses import dataclass

from .errors import Refused
from .models import Annotation

ETAG = re.compile(r'^(?:W/)?"(\d+)"$')


@dataclass(frozen=True)
class Seen:
    """What the caller had read when they decided."""

    if_match: str | None = None
    last_annotation_history: int | None = None


NOTHING_SEEN = Seen()


def refuse_stale(annotation: Annotation, seen: Seen) -> None:
    """`annotation` is locked. Raises Refused(stale), 412 or 400."""
    if seen.if_match is not None:
        _require_seq(annotation, seen.if_match.strip())
    last = seen.last_annotation_history
    if (
        last is not None
        and annotation.current_version_id is not None
        and annotation.current_version_id > last
    ):
        raise Refused(
            "stale",
            f"The annotation has a newer version ({annotation.current_version_id}) "
            f"than the one you read ({last}). Reload it.",
            field="last_annotation_history",
        )


def _require_seq(annotation: Annotation, if_match: str) -> None:
    if if_match == "*":
        return
    match = ETAG.match(if_match)
    if match is None:
        raise Refused("malformed_if_match", 'If-Match must be an ETag of this annotation, like "7", or *.')
    if int(match[1]) != annotation.annotation_seq:
        raise Refused(
            "stale",
            f"The annotation has changed since you read it "
            f"(now {annotation.annotation_seq}, then {match[1]}). Reload it.",
            status=412,
            extra={"annotation": annotation.pk},
        )
