"""Write the history of annotations."""

from typing import Any

from ..choices import HistoryAction
from ..models import Annotation, History
from ..sql import next_ids


def row(annotation: Annotation, action: HistoryAction | str, actor, **details: Any) -> History:
    """An unsaved history row of `annotation` as it is now, on its current version."""
    details.setdefault("version_id", annotation.current_version_id)
    return History(
        annotation=annotation,
        action=action,
        created_by=actor,
        annotation_seq=annotation.annotation_seq,
        was_cancelled=annotation.was_cancelled,
        **details,
    )


def new_versions(
    annotations: list[Annotation], action: HistoryAction | str | None, actor, **details: Any
) -> list[History]:
    """Unsaved version rows with the current result of each annotation. The annotations already point at them.

    Without `action`, a row has its annotation's `last_action`. Without `label_config_id`, it has the current
    label configuration of the project.
    """
    config = {"label_config_id": details.pop("label_config_id")} if "label_config_id" in details else {}
    rows = []
    # The ids come first: a version row refers to itself, and the annotation to the row.
    for annotation, pk in zip(annotations, next_ids(History, len(annotations)), strict=True):
        annotation.replaced_version_id = annotation.current_version_id
        annotation.current_version_id = pk
        if not config:
            annotation.config_outdated = False
        rows.append(
            row(
                annotation,
                action or annotation.last_action,
                actor,
                pk=pk,
                version_id=pk,
                number=annotation.version,
                result=annotation.result,
                author_id=annotation.version_author_id,
                lead_time=annotation.lead_time,
                started_at=annotation.started_at,
                **(config or {"label_config_id": annotation.project.label_config_version_id}),
                **details,
            )
        )
    return rows


def record(annotation: Annotation, action: HistoryAction | str, actor, **details: Any) -> History:
    """Write a row for a change that makes no new version."""
    entry = row(annotation, action, actor, **details)
    entry.save(force_insert=True)
    return entry


def record_version(annotation: Annotation, action: HistoryAction | str, actor, **details: Any) -> History:
    """Write a new version with the current result of `annotation`. The caller saves the annotation."""
    (entry,) = new_versions([annotation], action, actor, **details)
    entry.save(force_insert=True)
    return entry
