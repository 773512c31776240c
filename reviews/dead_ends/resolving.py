"""What a lead presses to move a stuck task on. Each is what the services do already; here is which of it a
reason asks for."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from tasks.choices import AssignmentType
from tasks.errors import Refused
from tasks.models import Annotation, Project, Task
from tasks.roles import forget_roles, may, role_in
from tasks.services import assignments, closing, members
from users.capabilities import Role
from users.models import User

from ..decisions.request import RETURN_TO_ANYONE
from ..service import AnnotationReviewService
from .listing import BY_PERSON, Stuck, described, still_stuck
from .reasons import ASSIGN, CLOSE, RETURN


def resolve_stuck(
    task: Task,
    button: str,
    *,
    actor: User,
    reason: str | None = None,
    to: User | None = None,
    closing_reason: str = "",
) -> None:
    """`reason`: where the task stands under several. Deciding is the review screen's. Needs a manager. Raises
    Refused."""
    if not may(actor, "manage_project", task.project_id):
        raise Refused("permission_denied", "Only a manager of the project may do this.", status=403)
    stuck = _stuck(task, reason)
    if button not in (ASSIGN, RETURN, CLOSE) or button not in stuck.buttons:
        raise Refused(
            "no_such_button", f"For this reason there are: {', '.join(stuck.buttons)}.", field="press"
        )
    if button == CLOSE:
        closing.close(task.pk, reason=closing_reason, actor=actor)
    elif button == RETURN:
        _return(task, stuck, actor)
    else:
        _assign(task, stuck, to, actor)


def _stuck(task: Task, reason: str | None) -> Stuck:
    standing = still_stuck(task)
    if not standing or (reason and reason not in standing):
        raise Refused("not_stuck", "This task does not stand under that reason any more.", field="reason")
    return described(task.project, [(reason or standing[0], task.pk, timezone.now())])[0]


def _return(task: Task, stuck: Stuck, actor: User) -> None:
    """To its author; what waited on somebody away, all of it, to the pool."""
    if stuck.reason.name == BY_PERSON:
        AnnotationReviewService(actor).reassign(task.project, _person(stuck), to=None)
    else:
        AnnotationReviewService(actor).reopen(Annotation.objects.get(pk=stuck.annotation))


@transaction.atomic
def _assign(task: Task, stuck: Stuck, to: User | None, actor: User) -> None:
    if to is None:
        raise Refused("to_whom", "Say to whom: somebody at work here.", field="to")
    members.require_active_member(to, task.project)
    if stuck.reason.name == BY_PERSON:
        AnnotationReviewService(actor).reassign(task.project, _person(stuck), to=to)
    elif stuck.reason.name == "no_eligible_reviewer":
        _make_reviewer(task, to)
    elif stuck.reason.name == "unassigned" and stuck.annotation is not None and task.is_labeled:
        _refuse_unless_reviewer(task.project, to)
        assignments.assign([task], [to], AssignmentType.REVIEWER)
    else:
        _to_label(task, stuck, to, actor)


def _make_reviewer(task: Task, to: User) -> None:
    """Nobody here may decide this: somebody who may is made a reviewer."""
    if role_in(task.project_id, to) == Role.ANNOTATOR:
        members.set_role(task.project, to, Role.REVIEWER)
        forget_roles(to)
    if "no_eligible_reviewer" in still_stuck(task):
        raise Refused(
            "cannot_decide",
            "They may not decide this either: it concerns their own work or verdict.",
            field="to",
        )
    assignments.assign([task], [to], AssignmentType.REVIEWER)


def _to_label(task: Task, stuck: Stuck, to: User, actor: User) -> None:
    if Annotation.objects.filter(task=task, completed_by=to, deleted_at=None).exists():
        raise Refused(
            "assignee_is_author", "They have had this task already. Name somebody else.", field="to"
        )
    if stuck.reason.name == "rounds_capped":
        AnnotationReviewService(actor).reopen(
            Annotation.objects.get(pk=stuck.annotation), to=RETURN_TO_ANYONE
        )
    assignments.assign([task], [to], AssignmentType.ANNOTATOR)


def _refuse_unless_reviewer(project: Project, to: User) -> None:
    if not may(to, "review_annotation", project):
        raise Refused(
            "not_a_reviewer", "They are no reviewer here. Name a reviewer or a manager.", field="to"
        )


def _person(stuck: Stuck) -> Any:
    return User.objects.get(pk=stuck.person)
