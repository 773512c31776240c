"""Pick the answer of a task among annotations that differ, and undo that."""

from django.db import transaction
from django.utils import timezone

from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.roles import may
from tasks.state import ABSENT
from users.models import User
from users.sentences import sentence as _

from . import counters, final_answer, workflow
from .models import FinalPick
from .siblings import siblings_of


def pick(task: Task, annotation_id: int, *, actor: User) -> Task:
    """Make one of the candidates, which differ, the answer of `task`. A new pick replaces the one before; the
    same one again changes nothing. Raises Refused."""
    with transaction.atomic():
        task = _locked(task, actor)
        current = _current_pick(task)
        if current and current.annotation_id == annotation_id:
            return task
        _refuse(task, annotation_id, actor)
        if current:
            _undo(current, actor)
        FinalPick.objects.create(task=task, annotation_id=annotation_id, picked_by=actor)
        counters.recount([task], actor=actor)
    return task


def undo(task: Task, *, actor: User) -> Task:
    """Undo the pick, if there is one; if the annotations still differ, the task is
    in conflict again. Raises Refused."""
    with transaction.atomic():
        task = _locked(task, actor)
        current = _current_pick(task)
        if current:
            if actor.pk != current.picked_by_id and not may(actor, "undo_any_review", task.project_id):
                raise Refused(
                    "not_your_pick",
                    _("Somebody else picked this answer. Only they or a manager may undo it."),
                    status=403,
                )
            _undo(current, actor)
            counters.recount([task], actor=actor)
    return task


def _locked(task: Task, actor: User) -> Task:
    # The lock of the task also serializes picks with verdicts, which may end them.
    locked = Task.objects.select_related("project").lock([task.pk]).first()
    if locked is None or locked.deleted_at or locked.project.deleted_at:
        raise Refused("not_found", _("This task no longer exists."), status=404)
    if not may(actor, "review_annotation", locked.project_id):
        raise workflow.NOT_A_REVIEWER.as_error()
    return locked


def _current_pick(task: Task) -> FinalPick | None:
    return FinalPick.objects.filter(task=task, undone_at=None).first()


def _undo(pick: FinalPick, actor: User) -> None:
    pick.undone_at, pick.undone_by = timezone.now(), actor
    pick.save(update_fields=["undone_at", "undone_by"])


def _refuse(task: Task, annotation_id: int, actor: User) -> None:
    annotation = Annotation.objects.filter(task=task, pk=annotation_id).exclude(state__in=ABSENT).first()
    if annotation is None:
        raise Refused(
            "unknown_annotation",
            _(
                "Task %(task)s has no annotation %(annotation_id)s.",
                task=task.pk,
                annotation_id=annotation_id,
            ),
            field="annotation",
        )
    if not task.project.enable_review_workflow:
        raise Refused(
            "workflow_disabled", _("Reviews are switched off in this project, so no answer can be picked.")
        )
    if annotation.has_words_of(actor) and not task.project.allow_self_review:
        raise Refused("own_annotation", _("This is your own work. Somebody else has to pick it."), status=403)
    _refuse_if_needless(task, annotation_id)


def _refuse_if_needless(task: Task, annotation_id: int) -> None:
    siblings = siblings_of([task.pk])[0][task.pk]
    found = final_answer.candidates_of(siblings, reviewed=task.reviewed)
    if all(one.annotation_id != annotation_id for one in siblings if final_answer.can_answer(one)):
        raise Refused(
            "not_standing",
            _("Only an accepted or fixed annotation can be the answer."),
            field="annotation",
        )
    if not found:
        raise Refused(
            "not_reviewed",
            _("This task is not reviewed yet. Its answer follows from its verdicts once it is."),
        )
    if all(one.annotation_id != annotation_id for one in found):
        raise Refused(
            "not_ground_truth",
            _("This task has ground truth, so its answer must be a ground truth annotation."),
            field="annotation",
        )
    if final_answer.all_agree(found, final_answer.results_of(one.annotation_id for one in found)):
        raise Refused(
            "nothing_to_pick", _("The annotations of this task agree, so there is nothing to pick.")
        )
