"""Drafts: unsubmitted work, visible to its author only."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from users.models import User
from users.sentences import sentence as _

from ..concurrency import NOTHING_SEEN, Seen
from ..errors import Refused
from ..models import Annotation, Draft, History, Task
from . import annotations, reservations

MAX_DRAFTS_OF_TASK = 20  # of one person


def save(task: Task, *, actor: User, annotation: Annotation | None = None, **fields: Any) -> Draft:
    """A new draft. It remembers the version of the annotation it is based on."""
    annotations.refuse_unknown_labels(fields.get("result", []), task.project)
    with transaction.atomic():
        # Counted under the task's lock: several tabs save at once.
        Task.objects.lock([task.pk]).first()
        if Draft.objects.filter(task=task, user=actor).count() >= MAX_DRAFTS_OF_TASK:
            raise Refused(
                "too_many_drafts",
                _(
                    "You have %(most)s drafts on this task. Submit, change or delete one of them.",
                    most=MAX_DRAFTS_OF_TASK,
                ),
            )
        return _create(task, actor=actor, annotation=annotation, **fields)


def _create(task: Task, *, actor: User, annotation: Annotation | None = None, **fields: Any) -> Draft:
    began_on = annotation.current_version_id if annotation else None
    reservations.extend(task.pk, actor.pk)
    return Draft.objects.create(task=task, annotation=annotation, user=actor, began_on_id=began_on, **fields)


def change(draft: Draft, **fields: Any) -> Draft:
    annotations.refuse_unknown_labels(fields.get("result", []), draft.task.project)
    # Only what was sent, and only while the draft is there: it may have been submitted since it was read.
    draft.updated_at = timezone.now()
    if not Draft.objects.filter(pk=draft.pk).update(**fields, updated_at=draft.updated_at):
        raise _gone()
    for name, value in fields.items():
        setattr(draft, name, value)
    reservations.extend(draft.task_id, draft.user_id)
    return draft


def submit(draft: Draft, work: annotations.Work, *, actor: User) -> Annotation:
    """Turn a draft into an annotation, or into a new version of the annotation it is based on, and delete it.

    If the annotation has a newer version: 412 `stale`, and the draft is kept. Submitted again, it is the same
    annotation.
    """
    with transaction.atomic():
        if not _take(draft):
            return _submitted_meanwhile(draft, actor)
        if draft.annotation_id is None:
            return annotations.submit(draft.task, replace(work, draft_id=draft.pk), actor=actor)
        return _submit_onto(draft, work, actor)


def submitted_as(draft_id: int, task: Task, *, actor: User) -> Annotation | None:
    """The annotation that `actor` submitted this draft as, so that a repeated request creates only one."""
    rows = History.objects.filter(draft_id=draft_id, annotation__task=task, created_by=actor).select_related(
        "annotation"
    )
    row = rows.order_by("id").first()
    return row.annotation if row and row.annotation.deleted_at is None else None


def _take(draft: Draft) -> bool:
    """Delete the row; False if another request was first. (`draft` keeps its id for the history.)"""
    # The row count decides who was first: the loser waited for the winner's delete.
    deleted, _ = Draft.objects.filter(pk=draft.pk).delete()
    return bool(deleted)


def _submitted_meanwhile(draft: Draft, actor: User) -> Annotation:
    """What the winner made of it. Raises Refused(404) if the draft was deleted instead."""
    if found := submitted_as(draft.pk, draft.task, actor=actor):
        return annotations.lock(found.pk)[0]
    raise _gone()


def _gone() -> Refused:
    return Refused("not_found", _("This draft no longer exists."), status=404)


def edit(
    annotation_id: int,
    changes: dict[str, Any],
    *,
    actor: User,
    seen: Seen = NOTHING_SEEN,
    draft: Draft | None = None,
) -> Annotation:
    """Change an annotation, from `draft` if given. A new result deletes the drafts that `actor` had on it."""
    with transaction.atomic():
        if draft is not None:
            annotations.lock(annotation_id)
            if not Draft.objects.filter(pk=draft.pk).exists():
                return _submitted_meanwhile(draft, actor)
            require_current_version(draft)
        draft_id = draft.pk if draft else None
        annotation = annotations.edit(annotation_id, changes, actor=actor, seen=seen, draft_id=draft_id)
        if draft is not None or "result" in changes:
            Draft.objects.filter(annotation=annotation_id, user=actor).delete()
    return annotation


def unsubmit(annotation_id: int, *, actor: User, take_back: bool = False) -> Draft:
    """Turn an annotation back into a draft of its author. Repeated, it returns that draft. `take_back`: only
    while nobody else has opened it."""
    with transaction.atomic():
        annotation, task = annotations.lock(annotation_id)
        begun = Draft.objects.filter(annotation=annotation, user=actor).order_by("-id").first()
        if annotation.is_draft and begun:
            return begun
        annotation = annotations.convert_to_draft(annotation_id, actor=actor, take_back=take_back)
        return _create(task, actor=annotation.completed_by, annotation=annotation, result=annotation.result)


def _submit_onto(draft: Draft, work: annotations.Work, actor: User) -> Annotation:
    require_current_version(draft)
    changes = {"result": work.result, "was_cancelled": work.was_cancelled, "lead_time": work.lead_time}
    return annotations.edit(draft.annotation_id, changes, actor=actor, draft_id=draft.pk)  # type: ignore[arg-type]


def require_current_version(draft: Draft) -> None:
    annotation, _task = annotations.lock(draft.annotation_id)  # type: ignore[arg-type]
    if annotation.current_version_id != draft.began_on_id:
        raise Refused(
            "stale",
            _(
                "The annotation has a newer version than the one this draft is based on. "
                "The draft is kept; reload the annotation."
            ),
            status=412,
            extra={"stale": annotation},
        )
