"""Everything that writes a comment. The counters of its task follow, with the locks of a decision."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Subquery
from django.utils import timezone

from tasks import events as task_events
from tasks.errors import Refused
from tasks.models import Annotation, History, Task
from tasks.roles import may
from tasks.services import drafts, repeats
from tasks.services.annotations import lock
from users.models import User
from users.sentences import sentence as _

from . import counters, events
from .models import Comment


def create(annotation: Annotation, text: str, *, actor: User, **fields: Any) -> Comment:
    with transaction.atomic():
        annotation, task = lock(annotation.pk)
        comment = create_many([annotation], text, actor=actor, **fields)[0]
        counters.recount_comments([task])
    return comment


def create_once(
    annotation: Annotation, text: str, *, actor: User, unique_id: UUID | None = None, **fields: Any
) -> tuple[Comment, bool]:
    """`create`, unless `actor` wrote the same under this unique_id before; and whether it is new."""
    if unique_id is None:
        return create(annotation, text, actor=actor, **fields), True
    sent = {"text": text, "annotation": annotation, "created_by": actor, **fields}
    return repeats.once(
        Comment.objects.filter(project=annotation.project_id, unique_id=unique_id, deleted_at=None),
        lambda: create(annotation, text, actor=actor, unique_id=unique_id, **fields),
        is_same=lambda found: all(getattr(found, name) == value for name, value in sent.items()),
        actor=actor,
    )


def create_many(annotations: list[Annotation], text: str, *, actor: User, **fields: Any) -> list[Comment]:
    """One comment with this text on each annotation. The caller holds the locks and recounts."""
    comments = [
        Comment(
            text=text, annotation=a, task_id=a.task_id, project_id=a.project_id, created_by=actor, **fields
        )
        for a in annotations
    ]
    Comment.objects.bulk_create(comments)
    if comments:
        task_events.emit(
            events.COMMENTED,
            annotations[0].project,
            actor=actor,
            annotations=tuple(annotations),
            subjects=tuple(comments),
        )
    return comments


def create_on_draft(task: Task, text: str, *, actor: User, draft_id: int, **fields: Any) -> Comment:
    with transaction.atomic():
        task = Task.objects.lock([task.pk]).get()
        # It may have been submitted since it was read, and its comments have moved to the annotation.
        submitted = drafts.submitted_as(draft_id, task, actor=actor)
        comment = Comment.objects.create(
            project=task.project,
            text=text,
            task=task,
            created_by=actor,
            draft_id=draft_id,
            annotation=submitted,
            **fields,
        )
        counters.recount_comments([task])
        _tell(events.COMMENTED, comment, actor)
    return comment


def follow_drafts(annotations: Iterable[Annotation]) -> None:
    """Attach the comments on drafts to the annotations that were submitted from them."""
    # The version row, just written by the caller, names the draft it came from.
    versions = History.objects.filter(
        pk__in=[a.current_version_id for a in annotations], draft_id__isnull=False
    )
    for annotation, task, draft in versions.values_list("annotation_id", "annotation__task_id", "draft_id"):
        of_draft = Comment.objects.filter(task=task, draft_id=draft, annotation=None)
        moved = list(of_draft.select_related("project", "created_by"))
        Comment.objects.filter(pk__in=[comment.pk for comment in moved]).update(annotation=annotation)
        for comment in moved:
            comment.annotation_id = annotation
            _tell(events.COMMENT_CHANGED, comment, comment.created_by)


def update(comment: Comment, *, actor: User, **fields: Any) -> Comment:
    """Its author may change anything. Whom `may_resolve` allows may only resolve it."""
    if (
        fields.keys() - {"is_resolved"}
        or comment.created_by_id != actor.pk
        and not may_resolve(comment, actor)
    ):
        _refuse_other_author(comment, actor)
    with transaction.atomic():
        comment, task = _lock(comment)
        for name, value in fields.items():
            setattr(comment, name, value)
        # Resolved again, it keeps the time of the first.
        comment.resolved_at = (comment.resolved_at or timezone.now()) if comment.is_resolved else None
        comment.updated_at = timezone.now()
        comment.save(update_fields=[*fields, "resolved_at", "updated_at"])
        counters.recount_comments([task])
        _tell(events.COMMENT_CHANGED, comment, actor)
    return comment


def _lock(comment: Comment) -> tuple[Comment, Task]:
    """Its task, and the comment as it is now: whoever writes a comment holds the lock of its task."""
    task = Task.objects.lock([comment.task_id]).get()
    found = Comment.objects.select_related("created_by", "annotation", "project")
    locked = found.filter(pk=comment.pk, deleted_at=None).first()
    if locked is None:
        raise Refused("not_found", _("This comment no longer exists."), status=404)
    return locked, task


def may_resolve(comment: Comment, user: User) -> bool:
    """Reviewers and managers may, and the author of the annotation it is about."""
    own_work = comment.annotation is not None and comment.annotation.is_work_of(user)
    return own_work or may(user, "review_annotation", comment.project_id)


def delete(comment: Comment, *, actor: User) -> None:
    if not may(actor, "manage_project", comment.project_id):
        _refuse_other_author(comment, actor)
    with transaction.atomic():
        comment, task = _lock(comment)
        comment.deleted_at = timezone.now()
        comment.save(update_fields=["deleted_at"])
        counters.recount_comments([task])
        _tell(events.COMMENT_DELETED, comment, actor)


def _tell(kind: str, comment: Comment, actor: User) -> None:
    task_events.emit(kind, comment.project, actor=actor, subjects=(comment,))


def _refuse_other_author(comment: Comment, actor: User) -> None:
    if comment.created_by_id != actor.pk:
        raise Refused("not_your_comment", _("Somebody else wrote this comment."), status=403)


def fresh_comment(annotation: Annotation, reviewer: User) -> Comment | None:
    """The reviewer's newest comment on the annotation since its last history row. It satisfies a required
    comment: Label Studio's editor sends the comment first, and then a reject without one.
    """
    rows = History.objects.filter(annotation=annotation).order_by("-id").values("created_at")
    mine = Comment.objects.present().filter(annotation=annotation, created_by=reviewer)
    return mine.filter(created_at__gt=Subquery(rows[:1])).order_by("-id").first()
