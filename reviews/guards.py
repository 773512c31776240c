"""The guards of the workflow. Each is named for what it refuses, and returns a Refusal or None."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.choices import ActionType, AssignmentType
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.roles import may
from tasks.services.annotations import NOT_YOURS, may_edit
from tasks.state import State, state_of
from users.models import User
from users.sentences import sentence as _

from .opened import opened_by_others


@dataclass(frozen=True)
class Refusal:
    """Why not: a stable code, a sentence for the user, an HTTP status, and the field at fault, if any."""

    code: str
    detail: str
    status: int = 400
    field: str | None = None

    def as_error(self) -> Refused:
        return Refused(self.code, self.detail, status=self.status, field=self.field)


@dataclass(frozen=True)
class Case:
    """What a guard is asked about: this action on this annotation by this person."""

    action: str
    annotation: Annotation
    user: User

    @property
    def project(self) -> Project:
        return self.annotation.project

    def may(self, capability: str) -> bool:
        return may(self.user, capability, self.annotation.project_id)


Guard = Callable[[Case], Refusal | None]


def own_annotation(case: Case) -> Refusal | None:
    if _self_review_allowed(case) or not case.annotation.is_work_of(case.user):
        return None
    return Refusal("own_annotation", _("This is your own work: somebody else has to review it."), 403)


def _self_review_allowed(case: Case) -> bool:
    """Even where people may review their own work, they do not decide a rejection they contest."""
    return case.project.allow_self_review and case.annotation.contested_at is None


def own_version(case: Case) -> Refusal | None:
    """The reviewer wrote the current version. They may sign it as their fix, and nothing else."""
    annotation = case.annotation
    if case.project.allow_self_review or annotation.version_author_id != case.user.pk:
        return None
    return Refusal(
        "own_annotation",
        _("The current version is your own. Undo your fix first, or ask another reviewer."),
        403,
    )


def own_verdict_contested(case: Case) -> Refusal | None:
    # While a verdict stands, `last_created_by` is its reviewer.
    if case.annotation.contested_at is None or case.annotation.last_created_by_id != case.user.pk:
        return None
    return Refusal(
        "own_verdict_contested",
        _("The annotator contests your rejection, so another reviewer decides. You can still undo it."),
        403,
    )


def workflow_disabled(case: Case) -> Refusal | None:
    if case.project.enable_review_workflow:
        return None
    return Refusal(
        "workflow_disabled",
        _("Reviews are switched off in this project. A manager can switch them on in its settings."),
    )


def not_submitted(case: Case) -> Refusal | None:
    annotation = case.annotation
    if annotation.pk and annotation.completed_by_id and state_of(annotation) != State.DRAFT:
        return None
    return Refusal(
        "not_submitted", _("This annotation is a draft. It must be submitted before it can be reviewed.")
    )


def skipped(case: Case) -> Refusal | None:
    if not case.annotation.was_cancelled:
        return None
    return Refusal("skipped", _("The annotator skipped this task: there is nothing to review."))


def task_not_finished(case: Case) -> Refusal | None:
    if not case.project.only_finished_tasks or case.annotation.task.is_labeled or case.may("manage_project"):
        return None
    return Refusal("task_not_finished", _("This task can be reviewed once it has all its annotations."))


def not_assigned(case: Case) -> Refusal | None:
    if not case.project.review_only_manual_assignments or case.may("manage_project") or _is_assigned(case):
        return None
    return Refusal(
        "not_assigned",
        _("In this project you review assigned tasks only, and this one is not assigned to you."),
        403,
    )


def _is_assigned(case: Case) -> bool:
    return any(
        # In Python: the assignments of a selection are prefetched.
        a.user_id == case.user.pk and a.type == AssignmentType.REVIEWER
        for a in case.annotation.task.assignments.all()
    )


def not_standing(case: Case) -> Refusal | None:
    if case.annotation.standing_review_id is not None:
        return None
    return Refusal("not_standing", _("This annotation has no standing verdict, so there is nothing to undo."))


def not_your_review(case: Case) -> Refusal | None:
    # While a verdict stands, `last_created_by` is its reviewer.
    if case.annotation.last_created_by_id == case.user.pk or case.may("undo_any_review"):
        return None
    return Refusal(
        "not_your_review", _("Somebody else signed this verdict. Only they or a manager may undo it."), 403
    )


def not_your_work(case: Case) -> Refusal | None:
    if case.annotation.is_work_of(case.user):
        return None
    return Refusal(
        "not_your_work", _("This is somebody else's work. Only its author may contest its rejection."), 403
    )


def not_rejected(case: Case) -> Refusal | None:
    if case.annotation.standing_review_id is not None and case.annotation.last_action == ActionType.REJECTED:
        return None
    return Refusal("not_rejected", _("This annotation is not rejected, so there is nothing to contest."))


def already_contested(case: Case) -> Refusal | None:
    if case.annotation.contested_at is None:
        return None
    return Refusal(
        "already_contested", _("You have already contested this rejection. Another reviewer will decide.")
    )


def decided_dispute(case: Case) -> Refusal | None:
    """A rejection is contested once. The verdict that upheld it is final."""
    if not case.annotation.upheld:
        return None
    return Refusal(
        "dispute_decided",
        _(
            "A second reviewer has decided: the rejection stands. Rework it if it was sent back, or ask a "
            "manager to reopen it."
        ),
    )


def already_returned(case: Case) -> Refusal | None:
    if case.annotation.returned_at is None or case.annotation.standing_review_id is not None:
        return None
    return Refusal("already_reopened", _("This annotation is already open for rework."))


def not_reopened(case: Case) -> Refusal | None:
    if case.annotation.returned_at is not None and case.annotation.standing_review_id is None:
        return None
    return Refusal("not_reopened", _("This annotation is not open for rework."))


def not_its_author(case: Case) -> Refusal | None:
    if case.annotation.completed_by_id == case.user.pk:
        return None
    return Refusal(
        "not_yours", _("This is somebody else's work. Only its author may turn it back into a draft."), 403
    )


def not_yours_to_change(case: Case) -> Refusal | None:
    return None if may_edit(case.annotation, case.user) else Refusal("not_yours", NOT_YOURS, 403)


def locked_by_verdict(case: Case) -> Refusal | None:
    """A standing verdict locks the author out, unless it is a reject that asks for rework."""
    if case.may("manage_project") or not case.annotation.is_work_of(case.user):
        return None
    return verdict_stands(case)


def verdict_stands(case: Case) -> Refusal | None:
    """The same for managers: reviewed work is not hidden, whoever its author is."""
    annotation = case.annotation
    if annotation.redistributed:
        return Refusal(
            "locked_by_verdict",
            _("This work was rejected and given to somebody else. You can no longer change it."),
            403,
        )
    # While a verdict stands, only a reject with requeue sets `returned_at`.
    if annotation.standing_review_id is None or annotation.returned_at is not None:
        return None
    return Refusal(
        "locked_by_verdict",
        _("This work has been reviewed. Ask the reviewer or a manager to send it back to you."),
        403,
    )


def already_opened(case: Case) -> Refusal | None:
    if not opened_by_others(case.annotation):
        return None
    return Refusal(
        "already_opened",
        _("Somebody else has opened it already. Ask a reviewer to send it back to you."),
        403,
    )


def reviewed_once(case: Case) -> Refusal | None:
    if not case.annotation.ever_reviewed or case.may("delete_reviewed"):
        return None
    return Refusal(
        "locked_by_verdict", _("This annotation has been reviewed: only a manager may delete it."), 403
    )
