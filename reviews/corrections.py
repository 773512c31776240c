"""What fixes changed: stored with the fix, shown to the person whose work it was, counted for managers."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from django.db.models import Count, Field, QuerySet
from django.utils import timezone

from tasks.diff import Operation, changes
from tasks.errors import Refused
from tasks.models import Annotation, Project
from users.models import User
from users.sentences import sentence as _

from .models import Correction, Review

MAX_PER_FIX = 1000
MAX_VALUE_LENGTH = 10_000  # characters of JSON. Larger ones, such as masks, are in the versions
FIELDS = ("kind", "region", "control", "label_from", "label_to", "overlap", "before", "after")


@dataclass(frozen=True)
class Fix:
    """The result before a fix, and who wrote it."""

    before: list[dict[str, Any]]
    author_id: int


def record(fixes: Iterable[tuple[Fix, Review]]) -> None:
    """Store what these fixes changed. Their reviews exist, and the annotations have the new results."""
    if rows := [row for fix, review in fixes for row in _rows(fix, review)]:
        Correction.objects.bulk_create(rows)


def _rows(fix: Fix, review: Review) -> Iterator[Correction]:
    annotation, now = review.annotation, timezone.now()
    annotator = _annotator_of(fix, annotation)
    for operation in islice(changes(fix.before, annotation.result), MAX_PER_FIX):
        yield Correction(
            review=review,
            annotation=annotation,
            project_id=annotation.project_id,
            annotator_id=annotator,
            created_at=now,
            **_columns(operation),
        )


def _annotator_of(fix: Fix, annotation: Annotation) -> int:
    """The author of the annotation; but if another reviewer had rewritten it, that reviewer."""
    own = (annotation.completed_by_id, annotation.written_by_id)
    return annotation.completed_by_id if fix.author_id in own else fix.author_id


def _columns(operation: Operation) -> dict[str, Any]:
    texts = {
        name: getattr(operation, name)[: cast(Field, Correction._meta.get_field(name)).max_length]
        for name in FIELDS[:5]
    }
    values = {name: _unless_too_long(getattr(operation, name)) for name in ("before", "after")}
    return {**texts, **values, "overlap": operation.overlap}


def _unless_too_long(value: Any) -> Any:
    return value if len(json.dumps(value)) <= MAX_VALUE_LENGTH else None


def operation_of(correction: Correction) -> Operation:
    return Operation(**{name: getattr(correction, name) for name in FIELDS})


# --- for the person whose work it was ----------------------------------------------------------


def feed(user: User) -> QuerySet[Correction]:
    """Corrections of the work of `user`, newest first, without those of fixes undone or replaced."""
    return readable(Correction.objects.visible_to(user).in_force().filter(annotator=user).order_by("-id"))


def readable(corrections: QuerySet[Correction]) -> QuerySet[Correction]:
    """With everything that a list shows, in one query."""
    return corrections.select_related("review__created_by", "annotation", "project").defer(
        "annotation__result", "project__label_config"
    )


def acknowledge(correction: Correction, *, actor: User) -> Correction:
    """Mark it as seen, once. Raises Refused for anybody but the person whose work it was."""
    if correction.annotator_id != actor.pk:
        raise Refused(
            "not_yours", _("Only the person whose work was corrected can acknowledge this."), status=403
        )
    _acknowledge(Correction.objects.filter(pk=correction.pk))
    correction.refresh_from_db(fields=["acknowledged_at"])
    return correction


def acknowledge_all(project: Project, *, actor: User) -> int:
    """Everything in the feed of `actor` in this project. Returns how many were new."""
    return _acknowledge(Correction.objects.filter(pk__in=feed(actor).filter(project=project).values("pk")))


def _acknowledge(corrections: QuerySet[Correction]) -> int:
    return corrections.filter(acknowledged_at=None).update(acknowledged_at=timezone.now())


# --- for managers ------------------------------------------------------------------------------


def confusion(project: Project) -> QuerySet[Any]:
    """How often reviewers changed which label to which: {annotator, control, label_from, label_to, count},
    most frequent first. An empty `label_from` means a missing region, an empty `label_to` one too many.
    """
    labelled = Correction.objects.in_force().filter(project=project, annotation__deleted_at=None)
    labelled = labelled.exclude(label_from="", label_to="")
    groups = labelled.values("annotator", "control", "label_from", "label_to")
    return groups.annotate(count=Count("id")).order_by(
        "-count", "annotator", "control", "label_from", "label_to"
    )


def people_of(groups: Iterable[dict[str, Any]]) -> dict[int, User]:
    """The annotators of a confusion table, by id."""
    return User.objects.in_bulk({group["annotator"] for group in groups})
