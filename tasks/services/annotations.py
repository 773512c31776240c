"""Everything that writes annotations, except verdicts.

Each function locks the annotation and its task, refuses or changes, writes history, recounts and
emits an event. Apps above may have rules of their own (a verdict locks the annotation): they
receive the event and raise.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from users.models import User
from users.sentences import sentence as _

from .. import counters, events
from ..choices import VERDICTS, ActionType, HistoryAction
from ..compiled import CompiledGet, compiled_for_reader
from ..concurrency import NOTHING_SEEN, Seen, refuse_stale
from ..errors import Refused
from ..models import Annotation, History, Project, Task
from ..result_problems import problems
from ..results import same_result
from ..roles import may, reread_roles
from ..sql import update_rows
from . import history, repeats, reservations

EDITABLE = ("result", "was_cancelled", "ground_truth", "lead_time", "started_at", "completed_by")
OF_A_VERSION = (
    "version",
    "version_author",
    "current_version",
    "is_draft",
    "last_action",
    "last_created_by",
    "updated_by",
    "updated_at",
    "annotation_seq",
)

NOT_YOURS = _("This is somebody else's work. Only its author, a reviewer or a manager may change it.")


@dataclass
class Work:
    """An annotation as submitted. `lead_time` is in seconds."""

    result: list[dict[str, Any]] = field(default_factory=list)
    was_cancelled: bool = False
    ground_truth: bool = False
    lead_time: float | None = None
    started_at: datetime | None = None
    draft_created_at: datetime | None = None
    parent_prediction_id: int | None = None
    parent_annotation_id: int | None = None
    completed_by: Any = None
    unique_id: Any = None
    bulk_created: bool = False
    draft_id: int | None = None


@cache
def _any_locked() -> CompiledGet[Annotation]:
    return CompiledGet(Annotation.objects.lock_with_task())


def _visible_locked(user: User) -> QuerySet[Annotation]:
    return Annotation.objects.visible_to(user).lock_with_task()


@cache
def _author_and_config() -> CompiledGet[Annotation]:
    found = Annotation.objects.select_related("completed_by").only("completed_by")
    return CompiledGet(found.with_config_outdated())


def lock(annotation_id: int, *, visible_to: User | None = None) -> tuple[Annotation, Task]:
    """The annotation and its task, locked in that order by one statement; then its author is read, and
    whether its label configuration is outdated. Raises Refused(404) if it was deleted, or if `visible_to` may
    not see it.
    """
    if visible_to is None:
        annotation = _any_locked().get(annotation_id)
    else:
        annotation = compiled_for_reader(_visible_locked, visible_to).get(annotation_id)
        if annotation is None and reread_roles(visible_to):
            annotation = compiled_for_reader(_visible_locked, visible_to).get(annotation_id)
        if annotation is None:
            raise Refused("not_found", _("Not found."), status=404)
    if annotation is None or annotation.deleted_at or annotation.project.deleted_at:
        raise Refused("not_found", _("This annotation no longer exists."), status=404)
    if annotation.task.deleted_at:
        raise Refused("not_found", _("The task of this annotation no longer exists."), status=404)
    annotation.task.project = annotation.project
    if beside := _author_and_config().get(annotation_id):
        annotation.completed_by, annotation.config_outdated = beside.completed_by, beside.config_outdated
    return annotation, annotation.task


def submit(task: Task, work: Work, *, actor: User) -> Annotation:
    (annotation,) = submit_many([(task, work)], actor=actor)
    return annotation


def submit_once(task: Task, work: Work, *, actor: User) -> tuple[Annotation, bool]:
    """`submit`, unless it was submitted before under the same unique_id; and whether it is new."""
    if not work.unique_id:
        return submit(task, work, actor=actor), True
    named = Annotation.objects.filter(project=task.project_id, unique_id=work.unique_id, deleted_at=None)
    return repeats.once(
        named.select_related("project", "task", "completed_by"),
        lambda: submit(task, work, actor=actor),
        is_same=lambda found: _is_repeat(found, task, work, actor),
        actor=actor,
    )


def _is_repeat(found: Annotation, task: Task, work: Work, actor: User) -> bool:
    """By its first version: it may have been edited since."""
    first = History.objects.filter(annotation=found, number=1).get()
    sent = (task.pk, actor.pk, work.was_cancelled, work.lead_time, work.started_at)
    stored = (found.task_id, found.written_by_id, first.was_cancelled, first.lead_time, first.started_at)
    return sent == stored and same_result(work.result, first.result or [])


def submit_many(entries: Iterable[tuple[Task, Work]], *, actor: User) -> list[Annotation]:
    """One new annotation for each entry, in one transaction. All tasks are of one project."""
    entries = list(entries)
    with transaction.atomic():
        locked = {
            task.pk: task
            for task in Task.objects.select_related("project").lock(task.pk for task, _ in entries)
        }
        if any(task.pk not in locked or locked[task.pk].deleted_at for task, _ in entries):
            raise Refused("not_found", _("This task no longer exists."), status=404)
        annotations = [_new(locked[task.pk], work, actor) for task, work in entries]
        _insert(annotations, [work for _, work in entries], actor)
        # What they submitted fills the slots that were reserved for them.
        reservations.end(locked, {annotation.completed_by for annotation in annotations} | {actor})
        counters.recount(list(locked.values()), actor=actor)
        project = annotations[0].project
        events.emit(
            events.ANNOTATIONS_CREATED,
            project,
            actor=actor,
            tasks=tuple(locked.values()),
            annotations=tuple(annotations),
        )
    return annotations


def _new(task: Task, work: Work, actor: User) -> Annotation:
    author = (
        work.completed_by if work.completed_by and may(actor, "set_completed_by", task.project) else actor
    )
    refuse_unknown_labels(work.result, task.project)
    refuse_empty(work.result, task.project, skipped=work.was_cancelled)
    annotation = Annotation(
        task=task,
        project=task.project,
        completed_by=author,
        written_by=actor,
        version_author=actor,
        last_created_by=actor,
        result=work.result,
        was_cancelled=work.was_cancelled,
        ground_truth=work.ground_truth,
        lead_time=work.lead_time,
        started_at=work.started_at,
        draft_created_at=work.draft_created_at,
        parent_prediction_id=work.parent_prediction_id,
        parent_annotation_id=work.parent_annotation_id,
        bulk_created=work.bulk_created,
        last_action=_first_action(work),
    )
    if work.ground_truth:
        _refuse_ground_truth(annotation, actor)
    if work.unique_id:
        annotation.unique_id = work.unique_id
    return annotation


def _first_action(work: Work) -> ActionType:
    if work.was_cancelled:
        return ActionType.SKIPPED
    if work.bulk_created:
        return ActionType.PROPAGATED_ANNOTATION
    # A prediction that was submitted as it is, without any time spent on it.
    return (
        ActionType.PREDICTION
        if work.parent_prediction_id and not work.draft_id and not work.lead_time
        else ActionType.SUBMITTED
    )


def _insert(annotations: list[Annotation], works: list[Work], actor: User) -> None:
    rows = history.new_versions(annotations, None, actor)
    for row, work in zip(rows, works, strict=True):
        row.draft_id = work.draft_id
    # Annotation and version refer to each other: foreign keys are checked at commit.
    Annotation.objects.bulk_create(annotations)
    History.objects.bulk_create(rows)


def edit(
    annotation_id: int,
    changes: dict[str, Any],
    *,
    actor: User,
    seen: Seen = NOTHING_SEEN,
    draft_id: int | None = None,
) -> Annotation:
    """Change the fields in `changes`. A result that means something else, or another skip flag, is a new
    version; anything else only touches the annotation."""
    with transaction.atomic():
        annotation, task = lock(annotation_id)
        _require_edit_permission(annotation, actor)
        refuse_stale(annotation, seen)
        changes = {name: value for name, value in changes.items() if name in EDITABLE}
        action = _edit_action(annotation, changes)
        author = annotation.completed_by
        _apply(annotation, changes, actor)
        if annotation.completed_by != author:
            _follow_author(annotation, author, actor)
            annotation.annotation_seq += action is not None  # the version comes after it
        if action is None:
            _save_touched(annotation, task, changes, actor)
        else:
            _save_version(annotation, task, action, actor, draft_id)
    return annotation


def _edit_action(annotation: Annotation, changes: dict[str, Any]) -> HistoryAction | None:
    skipped = changes.get("was_cancelled", annotation.was_cancelled)
    if skipped != annotation.was_cancelled:
        return HistoryAction.SKIPPED if skipped else HistoryAction.UNSKIPPED
    if "result" not in changes:
        return None
    # Submitting a draft is a new version, even with the same result: it is no longer a draft.
    same = same_result(changes["result"], annotation.result)
    return None if same and not annotation.is_draft else HistoryAction.UPDATED


def _apply(annotation: Annotation, changes: dict[str, Any], actor: User) -> None:
    if changes.get("ground_truth", annotation.ground_truth) != annotation.ground_truth:
        _refuse_ground_truth(annotation, actor)
    if not may(actor, "set_completed_by", annotation.project):
        changes.pop("completed_by", None)
    if "result" in changes:
        refuse_unknown_labels(changes["result"], annotation.project)
    if _edit_action(annotation, changes) is not None:
        refuse_empty(
            changes.get("result", annotation.result),
            annotation.project,
            skipped=changes.get("was_cancelled", annotation.was_cancelled),
        )
    for name, value in changes.items():
        setattr(annotation, name, value)
    annotation.updated_by = actor
    annotation.updated_at = timezone.now()
    annotation.annotation_seq += 1


def _follow_author(annotation: Annotation, before: User, actor: User) -> None:
    """Whose work it is decides who may review it, so a change is a row of the history."""
    if annotation.returned_to_id == before.pk:
        annotation.returned_to = annotation.completed_by
    details = {"author": {"from": before.pk, "to": annotation.completed_by_id}}
    history.record(annotation, HistoryAction.AUTHOR_CHANGED, actor, details=details)


def _save_touched(annotation: Annotation, task: Task, changes: dict[str, Any], actor: User) -> None:
    # A result with the same meaning is not written: the version that was reviewed stays as it is.
    annotation.save(
        update_fields=[
            "ground_truth",
            "lead_time",
            "started_at",
            "completed_by",
            "returned_to",
            "updated_by",
            "updated_at",
            "annotation_seq",
        ]
    )
    annotation.refresh_from_db(fields=["result"])
    counters.recount([task], actor=actor)
    _emit(events.ANNOTATION_TOUCHED, annotation, actor, detail={"changed": sorted(changes)})


def _save_version(
    annotation: Annotation, task: Task, action: HistoryAction, actor: User, draft_id: int | None
) -> None:
    annotation.version += 1
    annotation.version_author = actor
    annotation.is_draft = False
    annotation.last_action = ActionType.SKIPPED if action == HistoryAction.SKIPPED else ActionType.UPDATED
    annotation.last_created_by = actor
    history.record_version(annotation, action, actor, draft_id=draft_id)
    annotation.save(update_fields=[*EDITABLE, *OF_A_VERSION])
    counters.recount([task], actor=actor)
    _emit(events.ANNOTATION_EDITED, annotation, actor)


def convert_to_draft(annotation_id: int, *, actor: User, take_back: bool = False) -> Annotation:
    """Make a submitted annotation a draft again, by its author: hidden from all but managers, and not
    reviewable until it is submitted again. `take_back`: only while nobody else has opened it."""
    with transaction.atomic():
        annotation, task = lock(annotation_id)
        if annotation.completed_by_id != actor.pk:
            raise Refused(
                "not_yours",
                _("This is somebody else's work. Only its author may turn it back into a draft."),
                status=403,
            )
        annotation.is_draft = True
        annotation.draft_created_at = annotation.draft_created_at or timezone.now()
        annotation.annotation_seq += 1
        annotation.updated_by = actor
        annotation.updated_at = timezone.now()
        _drop_verdict(annotation)
        annotation.save(
            update_fields=[
                "is_draft",
                "draft_created_at",
                "annotation_seq",
                "updated_by",
                "updated_at",
                "last_action",
            ]
        )
        history.record(annotation, HistoryAction.CONVERTED_TO_DRAFT, actor)
        counters.recount([task], actor=actor)
        _emit(events.ANNOTATION_CONVERTED, annotation, actor, detail={"take_back": take_back})
    return annotation


def delete(annotation_id: int, *, actor: User) -> None:
    delete_many([annotation_id], actor=actor)


def delete_many(annotation_ids: Iterable[int], *, actor: User) -> int:
    """Mark these annotations of one project deleted. History and reviews stay, but are not counted."""
    with transaction.atomic():
        annotations = [
            a
            for a in Annotation.objects.select_related("project").lock(annotation_ids)
            if a.deleted_at is None
        ]
        tasks = list(Task.objects.select_related("project").lock(a.task_id for a in annotations))
        for annotation in annotations:
            _require_edit_permission(annotation, actor)
        _mark_deleted(annotations, actor)
        if annotations:
            counters.recount(tasks, actor=actor)
            events.emit(
                events.ANNOTATIONS_DELETED,
                annotations[0].project,
                actor=actor,
                tasks=tuple(tasks),
                annotations=tuple(annotations),
            )
    return len(annotations)


def _mark_deleted(annotations: list[Annotation], actor: User) -> None:
    for annotation in annotations:
        annotation.deleted_at = timezone.now()
        annotation.annotation_seq += 1
        _drop_verdict(annotation)
    update_rows(annotations, ["deleted_at", "annotation_seq", "last_action"])
    History.objects.bulk_create(history.row(a, HistoryAction.DELETED, actor) for a in annotations)


def _drop_verdict(annotation: Annotation) -> None:
    """A deleted annotation or a draft has no verdict; the history still shows which it had. (The reviews
    app may still refuse the change when it receives the event.)
    """
    if annotation.last_action in VERDICTS:
        annotation.last_action = ActionType.UPDATED


def _emit(kind: str, annotation: Annotation, actor: User, **about: Any) -> None:
    events.emit(
        kind, annotation.project, actor=actor, tasks=(annotation.task,), annotations=(annotation,), **about
    )


def may_edit(annotation: Annotation, user: User) -> bool:
    return annotation.is_work_of(user) or may(user, "edit_any_annotation", annotation.project_id)


def _require_edit_permission(annotation: Annotation, actor: User) -> None:
    if not may_edit(annotation, actor):
        raise Refused("not_yours", NOT_YOURS, status=403)


def _refuse_ground_truth(annotation: Annotation, actor: User) -> None:
    if not may(actor, "set_ground_truth", annotation.project_id):
        raise Refused(
            "ground_truth_not_allowed", _("Only reviewers and managers may set the ground truth."), status=403
        )
    if annotation.has_words_of(actor) and not annotation.project.allow_self_review:
        raise Refused(
            "own_annotation",
            _(
                "This is your own work: somebody else has to mark it as ground truth, "
                "or to take the mark off."
            ),
            status=403,
            field="ground_truth",
        )


def refuse_empty(result: list[dict[str, Any]], project: Project, *, skipped: bool) -> None:
    """Where a result is required, nothing is submitted without one. Skipping says so instead."""
    if project.require_result and not result and not skipped:
        raise Refused(
            "empty_result",
            _("This project wants a result: label something before you submit, or skip the task."),
            field="result",
        )


def refuse_unknown_labels(result: list[dict[str, Any]], project) -> None:
    if project.validate_results and (found := problems(result, project.label_config)):
        raise Refused("invalid_result", found[0], field="result")
