"""What may be done to a selection of tasks: a table, action → who may, what it asks, what it does."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from reviews.decisions import Intent
from reviews.moves import RETURN_TO_ANYONE, RETURN_TO_AUTHOR
from reviews.selection import Report
from reviews.service import AnnotationReviewService
from reviews.task_table import values
from tasks.choices import ActionType, AssignmentType, RejectAction
from tasks.errors import Refused
from tasks.models import Annotation, Assignment, Task
from tasks.services import annotations, assignments, tasks
from users.models import User

from . import cleanup
from .action_base import Action, Job, chunked, said
from .dialogs import comment_form, people_form, predictions_form, reject_form, reopen_form

# --- deleting -------------------------------------------------------------------------------------


def delete_tasks(job: Job) -> dict[str, Any]:
    count = sum(tasks.delete_many(job.project, some, actor=job.actor) for some in chunked(job.task_ids))
    return said(count, "Deleted tasks", reload=True)


def delete_annotations(job: Job) -> dict[str, Any]:
    """All annotations of these tasks, or those of one `annotator`. Their history stays."""
    only = _people(job.body.get("annotator"), "annotator") if job.body.get("annotator") else None
    count = 0
    for some in chunked(job.task_ids):
        found = Annotation.objects.visible_to(job.actor).filter(task_id__in=some).order_by("pk")
        if only:
            found = found.filter(completed_by__in=only)
        count += annotations.delete_many(list(found.values_list("pk", flat=True)), actor=job.actor)
    return said(count, "Deleted annotations")


def delete_predictions(job: Job) -> dict[str, Any]:
    count = sum(
        tasks.delete_predictions(job.project, some, actor=job.actor) for some in chunked(job.task_ids)
    )
    return said(count, "Deleted predictions")


# --- reviewing ------------------------------------------------------------------------------------


def accept(job: Job) -> dict[str, Any]:
    intent = Intent(ActionType.ACCEPTED, comment=_words(job, "comment"))
    return _reviewed(job, "Accepted", lambda service, some: service.decide_many(some, intent))


def reject(job: Job) -> dict[str, Any]:
    outcome = job.body.get("reject_action") or None
    if outcome is not None and outcome not in RejectAction.values:
        raise Refused(
            "invalid", f"reject_action is one of {', '.join(RejectAction.values)}.", field="reject_action"
        )
    asked = {"reject_action": outcome, "reason": _words(job, "reason")}
    intent = Intent(
        ActionType.REJECTED, comment=_words(job, "comment"), **{k: v for k, v in asked.items() if v}
    )
    return _reviewed(job, "Rejected", lambda service, some: service.decide_many(some, intent))


def reopen(job: Job) -> dict[str, Any]:
    """Returned for rework without a verdict, `to` their authors (or anyone)."""
    to = job.body.get("to") or RETURN_TO_AUTHOR
    if to not in (RETURN_TO_AUTHOR, RETURN_TO_ANYONE):
        raise Refused("invalid", f"to is {RETURN_TO_AUTHOR} or {RETURN_TO_ANYONE}.", field="to")
    return _reviewed(
        job,
        "Reopened",
        lambda service, some: service.reopen_many(some, to=to, comment=_words(job, "comment")),
    )


def undo(job: Job) -> dict[str, Any]:
    return _reviewed(job, "Reviews taken back", lambda service, some: service.undo_many(some))


def _words(job: Job, name: str) -> str:
    try:
        return values.words(job.body.get(name) or "").strip()
    except values.BadValue as error:
        raise Refused("invalid", f"{name} {error}.", field=name)


def _reviewed(
    job: Job, what: str, verb: Callable[[AnnotationReviewService, list[Annotation]], Report]
) -> dict[str, Any]:
    """What the workflow refuses is counted by its reason, the rest is done. Each chunk is one bulk action, undone as one."""
    service = AnnotationReviewService(job.actor)
    reports = [verb(service, some) for some in job.work()]
    refused = Counter(refusal.code for report in reports for _, refusal in report.refused)
    done = sum(len(report.done) for report in reports)
    return said(done, what, refused=dict(refused), bulk_reviews=[report.bulk.pk for report in reports])


# --- giving to somebody ---------------------------------------------------------------------------


def assign(kind: AssignmentType) -> Callable[[Job], dict[str, Any]]:
    def perform(job: Job) -> dict[str, Any]:
        people = list(
            User.objects.filter(
                pk__in=_people(job.body.get("users"), "users"), memberships__project=job.project
            )
        )
        if not people:
            raise Refused("unknown_person", "Name members of this project: users: [ids].", field="users")
        for some in chunked(job.task_ids):
            assignments.assign(list(Task.objects.filter(pk__in=some).only("pk", "project_id")), people, kind)
        return said(len(job.task_ids), "Assigned tasks")

    return perform


def unassign(kind: AssignmentType) -> Callable[[Job], dict[str, Any]]:
    def perform(job: Job) -> dict[str, Any]:
        given = Assignment.objects.filter(task_id__in=job.task_ids, type=kind)
        if job.body.get("users"):
            given = given.filter(user_id__in=_people(job.body["users"], "users"))
        return said(given.delete()[0], "Assignments taken back")

    return perform


def _people(sent: Any, name: str) -> list[int]:
    try:
        return values.ids(sent)
    except values.BadValue as error:
        raise Refused("invalid", f"{name} {error}.", field=name)


ANNOTATOR, REVIEWER = AssignmentType.ANNOTATOR, AssignmentType.REVIEWER
SURE = "Please confirm."

ACTIONS: dict[str, Action] = {
    "accept_tasks_annotations": Action(
        "Accept annotations",
        10,
        "review_annotation",
        accept,
        "Signs every annotation of these tasks you may review.",
        comment_form,
    ),
    "reject_tasks_annotations": Action(
        "Reject annotations",
        20,
        "review_annotation",
        reject,
        "Rejects every annotation of these tasks you may review.",
        reject_form,
    ),
    "reopen_tasks_annotations": Action(
        "Reopen annotations",
        25,
        "review_annotation",
        reopen,
        "Returns the annotations of these tasks for rework, without a verdict.",
        reopen_form,
    ),
    "delete_tasks_reviews": Action(
        "Take back reviews", 30, "review_annotation", undo, "Takes back what stands. " + SURE
    ),
    "assign_reviewers": Action("Assign reviewers", 40, "manage_project", assign(REVIEWER), form=people_form),
    "assign_annotators": Action(
        "Assign annotators", 50, "manage_project", assign(ANNOTATOR), form=people_form
    ),
    "delete_reviewers": Action("Unassign reviewers", 60, "manage_project", unassign(REVIEWER), SURE),
    "delete_annotators": Action("Unassign annotators", 70, "manage_project", unassign(ANNOTATOR), SURE),
    "predictions_to_annotations": Action(
        "Create annotations from predictions",
        91,
        "manage_project",
        cleanup.predictions_to_annotations,
        "Makes an annotation of yours from each prediction of these tasks that none was made from yet.",
        predictions_form,
    ),
    "remove_duplicates": Action(
        "Remove duplicated tasks",
        95,
        "manage_project",
        cleanup.remove_duplicates,
        "Keeps one of the selected tasks with the same data, and every one somebody worked on. " + SURE,
    ),
    "delete_ground_truths": Action(
        "Take ground truth marks off",
        96,
        "set_ground_truth",
        cleanup.delete_ground_truths,
        "The annotations of these tasks stay, but are the ground truth no more. " + SURE,
    ),
    "delete_tasks": Action(
        "Delete tasks", 100, "manage_project", delete_tasks, "Deletes the selected tasks. " + SURE
    ),
    "delete_tasks_annotations": Action(
        "Delete annotations",
        101,
        "manage_project",
        delete_annotations,
        "Deletes all annotations of these tasks. " + SURE,
    ),
    "delete_tasks_predictions": Action(
        "Delete predictions",
        102,
        "manage_project",
        delete_predictions,
        "Deletes all predictions of these tasks. " + SURE,
    ),
}
