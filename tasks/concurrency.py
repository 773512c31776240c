"""Optimistic concurrency.

Two optional tokens: `If-Match` fails on any change, `last_annotation_history` on a new version or new data.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from users.sentences import sentence as _

from .errors import Refused
from .models import Annotation, Project, Task

# The number, and what `api.views.conditional` puts after it.
ETAG = re.compile(r'^(?:W/)?"(\d+)(?:-[0-9a-f]+)?"$')
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """What the caller had read when they decided."""

    if_match: str | None = None
    last_annotation_history: int | None = None


NOTHING_SEEN = Seen()


def refuse_stale(annotation: Annotation, seen: Seen) -> None:
    """`annotation` is locked. Raises Refused(stale), 412 or 400."""
    require_unchanged(annotation, seen.if_match)
    last, newest = seen.last_annotation_history, annotation.last_row_to_see
    if last is not None and newest is not None and newest > last:
        what = _("The data of its task") if newest == annotation.data_changed_row else _("The annotation")
        raise Refused(
            "stale",
            _(
                "%(what)s has changed since you read it (now %(newest)s, then %(last)s). Reload it.",
                what=what,
                newest=newest,
                last=last,
            ),
            field="last_annotation_history",
        )


def state_number(row: Annotation | Task | Project) -> int:
    """What an ETag holds: another number after every change. Of a task or project, when it changed last."""
    if isinstance(row, Annotation):
        return row.annotation_seq
    return (row.updated_at - EPOCH) // timedelta(microseconds=1)


def require_unchanged(row: Annotation | Task | Project, if_match: str | None) -> None:
    """`row` is locked. Raises Refused(stale), 412."""
    if if_match is None or if_match.strip() == "*":
        return
    seen = _number_in(if_match.strip(), row)
    if seen != state_number(row):
        raise Refused("stale", _changed_since(row, seen), status=412, extra={"stale": row})


def _number_in(if_match: str, row: Annotation | Task | Project) -> int:
    match = ETAG.match(if_match)
    if match is None:
        what = row._meta.verbose_name
        raise Refused(
            "malformed_if_match", _('If-Match must be an ETag of this %(what)s, like "7", or *.', what=what)
        )
    return int(match[1])


def _changed_since(row: Annotation | Task | Project, seen: int) -> str:
    if not isinstance(row, Annotation):  # their numbers are times
        return _("The %(what)s has changed since you read it. Reload it.", what=row._meta.verbose_name)
    return _(
        "The annotation has changed since you read it (now %(annotation_seq)s, then %(seen)s). Reload it.",
        annotation_seq=row.annotation_seq,
        seen=seen,
    )
