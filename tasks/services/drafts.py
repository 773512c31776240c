"""Unsubmitted work, its author's own."""

from typing import Any

from django.db import transaction

from users.models import User

from ..concurrency import NOTHING_SEEN, Seen
from ..errors import Refused
from ..models import Annotation, Draft, History, Task
from . import annotations, reservations


def save(task: Task, *, actor: User, annotation: Annotation | None = None, **fields: Any) -> Draft:
    """A new draft. It remembers which version of the annotation it began on."""
    annotations.refuse_unknown_labels(fields.get("result", []), task.project)
    return _keep(task, actor=actor, annotation=annotation, **fields)


def _keep(task: Task, *, actor: User, annotation: Annotation | None = None, **fields: Any) -> Draft:
    began_on = annotation.current_version_id if annotation else None
    reservations.extend(task.pk, actor.pk)
    return Draft.objects.create(task=task, annotation=annotation, user=actor, began_on_id=began_on, **fields)


def change(draft: Draft, **fields: Any) -> Draft:
    annotations.refuse_unknown_labels(fields.get("result", []), draft.task.project)
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.save()
    reservations.extend(draft.task_id, draft.user_id)
    return draft


def submit(draft: Draft, work: annotations.Work, *, actor: User) -> Annotation:
    """Turn a draft into an annotation, or into a new version of the one it began on. The draft is gone then.

    Began on another version than the annotation has now: 412 `stale`, and the draft is kept.
    """
    with transaction.atomic():
        _take(draft)
        if draft.annotation_id is None:
            return annotations.submit(draft.task, work, actor=actor)
        return _submit_onto(draft, work, actor)


def became(draft_id: int, task: Task, *, actor: User) -> Annotation | None:
    """What `actor` submitted this draft as, so that a request sent twice makes one annotation."""
    rows = History.objects.filter(draft_id=draft_id, annotation__task=task, created_by=actor).select_related(
        "annotation"
    )
    row = rows.order_by("id").first()
    return row.annotation if row and row.annotation.deleted_at is None else None


def _take(draft: Draft) -> None:
    """Of two who submit it at once, one finds it gone. (`draft` keeps its id, which the history names.)"""
    deleted, _ = Draft.objects.filter(pk=draft.pk).delete()
    if not deleted:
        raise Refused("not_found", "This draft does not exist any more.", status=404)


def edit(
    annotation_id: int,
    changes: dict[str, Any],
    *,
    actor: User,
    seen: Seen = NOTHING_SEEN,
    draft: Draft | None = None,
) -> Annotation:
    """Change an annotation, out of `draft` where one is named. A new result ends the drafts its writer had on it."""
    with transaction.atomic():
        if draft is not None:
            refuse_outdated(draft)
        draft_id = draft.pk if draft else None
        annotation = annotations.edit(annotation_id, changes, actor=actor, seen=seen, draft_id=draft_id)
        if draft is not None or "result" in changes:
            Draft.objects.filter(annotation=annotation_id, user=actor).delete()
    return annotation


def take_back(annotation_id: int, *, actor: User) -> Draft:
    """Turn an annotation into a draft of its author's; asked again, the draft there is."""
    with transaction.atomic():
        annotation, task = annotations.lock(annotation_id)
        begun = Draft.objects.filter(annotation=annotation, user=actor).order_by("-id").first()
        if annotation.is_draft and begun:
            return begun
        annotation = annotations.convert_to_draft(annotation_id, actor=actor)
        return _keep(task, actor=annotation.completed_by, annotation=annotation, result=annotation.result)


def _submit_onto(draft: Draft, work: annotations.Work, actor: User) -> Annotation:
    refuse_outdated(draft)
    changes = {"result": work.result, "was_cancelled": work.was_cancelled, "lead_time": work.lead_time}
    return annotations.edit(draft.annotation_id, changes, actor=actor, draft_id=draft.pk)  # type: ignore[arg-type]


def refuse_outdated(draft: Draft) -> None:
    annotation, _ = annotations.lock(draft.annotation_id)  # type: ignore[arg-type]
    if annotation.current_version_id != draft.began_on_id:
        raise Refused(
            "stale",
            "The annotation has a newer version than the one this draft began on. The draft is kept; load the annotation again.",
            status=412,
            extra={"annotation": annotation.pk},
        )
