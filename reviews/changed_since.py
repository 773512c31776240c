"""What has changed in an annotation since its last verdict."""

from dataclasses import dataclass, field

from tasks.diff import Kind, Operation, changes
from tasks.errors import Refused
from tasks.models import Annotation, History
from users.sentences import sentence as _

from .models import Review


@dataclass(frozen=True)
class Since:
    """`since` and `now` are versions (ids of history rows); `since` is None if there was no verdict yet.

    `outdated`: the last verdict no longer stands, and was neither undone nor superseded.
    """

    since: int | None
    now: int | None
    outdated: bool
    changes: list[Operation] = field(default_factory=list)


def changed_since(annotation: Annotation, since: int | None = None) -> Since:
    """From the version of history row `since` (by default the version of the last verdict) to the current
    one. Raises Refused."""
    review = _last_review(annotation)
    outdated = review is not None and review.state == "outdated"
    if since is not None:
        seen = _version(annotation, since)
    elif review:
        seen = review.fixed_version or review.seen_version
    else:
        return Since(None, annotation.current_version_id, outdated)
    return Since(seen.pk, annotation.current_version_id, outdated, _between(seen, annotation))


def _last_review(annotation: Annotation) -> Review | None:
    reviews = (
        Review.objects.filter(annotation=annotation)
        .not_undone()
        .select_related("seen_version", "fixed_version")
    )
    review = reviews.order_by("-id").first()
    if review:
        review.annotation = annotation  # `review.state` asks for it
    return review


def _version(annotation: Annotation, history_id: int) -> History:
    if row := History.objects.filter(annotation=annotation, pk=history_id).select_related("version").first():
        return row.version or row
    raise Refused(
        "unknown_version",
        _("This annotation has no such version. Use an id from its history."),
        field="since",
    )


def _between(seen: History, annotation: Annotation) -> list[Operation]:
    if seen.pk == annotation.current_version_id:
        return []
    found = changes(seen.result or [], annotation.result)
    if seen.was_cancelled != annotation.was_cancelled:
        skipped = annotation.was_cancelled
        found.append(Operation(Kind.ATTRIBUTE, control="skipped", before=not skipped, after=skipped))
    return found
