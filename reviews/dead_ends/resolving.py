"""What managers can do about a stuck task. The work is done by services; here it is chosen by reason."""

from django.db import transaction
from django.utils import timezone

from tasks.choices import AssignmentType
from tasks.errors import Refused
from tasks.models import Annotation, Project, Task
from tasks.roles import forget_roles, may, role_in
from tasks.services import assignments, closing, members
from users.capabilities import Role
from users.models import User
from users.sentences import sentence as _

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
    """Assign the task, return it, or close it. (Decisions are made on the review page.)

    `reason` is needed if the task is stuck for several reasons, `to` to assign, `closing_reason` to close.
    Needs a manager. Raises Refused.
    """
    if not may(actor, "manage_project", task.project_id):
        raise Refused("permission_denied", _("Only a manager of the project may do this."), status=403)
    stuck = _stuck(task, reason)
    if button not in (ASSIGN, RETURN, CLOSE) or button not in stuck.buttons:
        raise Refused(
            "no_such_button",
            _("For this reason you can: %(buttons)s.", buttons=", ".join(stuck.buttons)),
            field="press",
        )
    if button == CLOSE:
        closing.close(task.pk, reason=closing_reason, actor=actor)
    elif button == RETURN:
        _return(task, stuck, actor)
    else:
        _assign(task, stuck, to, actor)


def _stuck(task: Task, reason: str | None) -> Stuck:
    reasons = still_stuck(task)
    if not reasons or (reason and reason not in reasons):
        raise Refused("not_stuck", _("This task is no longer stuck for that reason."), field="reason")
    return described(task.project, [(reason or reasons[0], task.pk, timezone.now())])[0]


def _return(task: Task, stuck: Stuck, actor: User) -> None:
    """To its author. If it waits for an inactive person, all their work here goes to anyone."""
    if stuck.reason.name == BY_PERSON:
        AnnotationReviewService(actor).reassign(task.project, _person(stuck), to=None)
    else:
        AnnotationReviewService(actor).reopen(Annotation.objects.get(pk=stuck.annotation))


@transaction.atomic
def _assign(task: Task, stuck: Stuck, to: User | None, actor: User) -> None:
    if to is None:
        raise Refused("to_whom", _("Name an active member of this project."), field="to")
    members.require_active_member(to, task.project)
    if stuck.reason.name == BY_PERSON:
        AnnotationReviewService(actor).reassign(task.project, _person(stuck), to=to)
    elif stuck.reason.name == "no_eligible_reviewer":
        _make_reviewer(task, to, actor)
    elif stuck.reason.name == "unassigned" and stuck.annotation is not None and task.is_labeled:
        _refuse_unless_reviewer(task.project, to)
        assignments.assign([task], [to], AssignmentType.REVIEWER, actor=actor)
    else:
        _assign_to_annotate(task, stuck, to, actor)


def _make_reviewer(task: Task, to: User, actor: User) -> None:
    """Make somebody a reviewer who may decide this."""
    if role_in(task.project_id, to) == Role.ANNOTATOR:
        members.set_role(task.project, to, Role.REVIEWER, actor=actor)
        # `still_stuck` below has to see the new role.
        forget_roles(to)
    if "no_eligible_reviewer" in still_stuck(task):
        raise Refused(
            "cannot_decide",
            _("This person may not decide it either: it is about their own work or verdict."),
            field="to",
        )
    assignments.assign([task], [to], AssignmentType.REVIEWER, actor=actor)


def _assign_to_annotate(task: Task, stuck: Stuck, to: User, actor: User) -> None:
    if Annotation.objects.filter(task=task, completed_by=to, deleted_at=None).exists():
        raise Refused(
            "assignee_is_author",
            _("This person has already annotated the task. Name somebody else."),
            field="to",
        )
    if stuck.reason.name == "rounds_capped":
        AnnotationReviewService(actor).reopen(
            Annotation.objects.get(pk=stuck.annotation), to=RETURN_TO_ANYONE
        )
    assignments.assign([task], [to], AssignmentType.ANNOTATOR, actor=actor)


def _refuse_unless_reviewer(project: Project, to: User) -> None:
    if not may(to, "review_annotation", project):
        raise Refused(
            "not_a_reviewer",
            _("This person is not a reviewer of this project. Name a reviewer or a manager."),
            field="to",
        )


def _person(stuck: Stuck) -> User:
    return User.objects.get(pk=stuck.person)
