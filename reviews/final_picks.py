"""Picking the answer of a task among annotations that differ, and taking that back."""

from django.db import transaction
from django.utils import timezone

from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.roles import may
from tasks.state import ABSENT
from users.models import User

from . import counters, final_answer, workflow
from .models import FinalPick
from .siblings import siblings_of


def pick(task: Task, annotation_id: int, *, actor: User) -> Task:
    """Say which of the annotations that answer `task` differently is its answer. Picked again, it stays;
    another one replaces it. Raises Refused."""
    with transaction.atomic():
        task = _locked(task, actor)
        live = _live(task)
        if live and live.annotation_id == annotation_id:
            return task
        _refuse(task, annotation_id, actor)
        if live:
            _take_back(live, actor)
        FinalPick.objects.create(task=task, annotation_id=annotation_id, picked_by=actor)
        counters.recount([task], actor=actor)
    return task


def undo(task: Task, *, actor: User) -> Task:
    """Take the pick back; the task is in conflict again, if it still is. Taken back already, nothing happens.
    Raises Refused."""
    with transaction.atomic():
        task = _locked(task, actor)
        live = _live(task)
        if live:
            if actor.pk != live.picked_by_id and not may(actor, "undo_any_review", task.project_id):
                raise Refused(
                    "not_your_pick",
                    "Somebody else picked this answer: only they or a manager may undo it.",
                    status=403,
                )
            _take_back(live, actor)
            counters.recount([task], actor=actor)
    return task


def _locked(task: Task, actor: User) -> Task:
    locked = Task.objects.select_related("project").lock([task.pk]).first()
    if locked is None or locked.deleted_at or locked.project.deleted_at:
        raise Refused("not_found", "This task does not exist any more.", status=404)
    if not may(actor, "review_annotation", locked.project_id):
        raise workflow.NOT_A_REVIEWER.as_error()
    return locked


def _live(task: Task) -> FinalPick | None:
    return FinalPick.objects.filter(task=task, undone_at=None).first()


def _take_back(live: FinalPick, actor: User) -> None:
    live.undone_at, live.undone_by = timezone.now(), actor
    live.save(update_fields=["undone_at", "undone_by"])


def _refuse(task: Task, annotation_id: int, actor: User) -> None:
    annotation = Annotation.objects.filter(task=task, pk=annotation_id).exclude(state__in=ABSENT).first()
    if annotation is None:
        raise Refused(
            "unknown_annotation", f"Task {task.pk} has no annotation {annotation_id}.", field="annotation"
        )
    if not task.project.enable_review_workflow:
        raise Refused(
            "workflow_disabled", "Reviews are switched off in this project, so no answer is picked."
        )
    if annotation.is_work_of(actor) and not task.project.allow_self_review:
        raise Refused("own_annotation", "This is your own work: somebody else has to pick it.", status=403)
    _refuse_needless(task, annotation_id)


def _refuse_needless(task: Task, annotation_id: int) -> None:
    siblings = siblings_of([task.pk])[0][task.pk]
    found = final_answer.answering(siblings, reviewed=task.reviewed)
    if all(one.annotation_id != annotation_id for one in siblings if final_answer.can_answer(one)):
        raise Refused(
            "not_standing",
            "Only an annotation that stands accepted or fixed can be the answer.",
            field="annotation",
        )
    if not found:
        raise Refused(
            "not_reviewed", "This task is not reviewed yet: its answer follows from its verdicts when it is."
        )
    if all(one.annotation_id != annotation_id for one in found):
        raise Refused(
            "not_ground_truth", "This task has ground truth: its answer is one of those.", field="annotation"
        )
    if final_answer.all_agree(found, final_answer.results_of(one.annotation_id for one in found)):
        raise Refused(
            "nothing_to_pick", "The annotations of this task say the same: there is nothing to pick."
        )
