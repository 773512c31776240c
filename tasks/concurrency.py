"""Optimistic concurrency.

Two optional tokens: `If-Match` fails on any change, `last_annotation_history` on a new version or new data.
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
    last, newest = seen.last_annotation_history, annotation.last_row_to_see
    if last is not None and newest is not None and newest > last:
        what = "The data of its task" if newest == annotation.data_changed_row else "The annotation"
        raise Refused(
            "stale",
            f"{what} has changed since you read it (now {newest}, then {last}). Reload it.",
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
