"""The actions on a selection of tasks, and the table that lists them."""

from collections import Counter
from collections.abc import Callable

from reviews.decisions.request import RETURN_TO_ANYONE, RETURN_TO_AUTHOR, Report, VerdictRequest
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType, AssignmentType, RejectAction
from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.services import annotations, assignments, tasks
from users.models import User

from . import cleanup
from .action_base import Action, Answer, Call, answer, chunked
from .dialogs import comment_form, people_form, predictions_form, reject_form, reopen_form

# --- deleting -------------------------------------------------------------------------------------


def delete_tasks(call: Call) -> Answer:
    count = sum(tasks.delete_many(call.project, some, actor=call.actor) for some in chunked(call.task_ids))
    return answer(count, "Deleted tasks", reload=True)


def delete_annotations(call: Call) -> Answer:
    """All annotations of these tasks, or those of one `annotator`. Their history stays."""
    authors = call.ids("annotator") if call.body.get("annotator") else None
    count = 0
    for some in chunked(call.task_ids):
        found = Annotation.objects.visible_to(call.actor).filter(task_id__in=some).order_by("pk")
        if authors:
            found = found.filter(completed_by__in=authors)
        count += annotations.delete_many(list(found.values_list("pk", flat=True)), actor=call.actor)
    return answer(count, "Deleted annotations")


def delete_predictions(call: Call) -> Answer:
    batches = chunked(call.task_ids)
    count = sum(tasks.delete_predictions(call.project, some, actor=call.actor) for some in batches)
    return answer(count, "Deleted predictions")


# --- reviewing ------------------------------------------------------------------------------------


def accept(call: Call) -> Answer:
    request = VerdictRequest(ActionType.ACCEPTED, comment=call.text("comment"))
    return _review(call, "Accepted", lambda service, some: service.decide_many(some, request))


def reject(call: Call) -> Answer:
    reject_action = call.body.get("reject_action") or None
    if reject_action is not None and reject_action not in RejectAction.values:
        known = ", ".join(RejectAction.values)
        raise Refused("invalid", f"reject_action is one of {known}.", field="reject_action")
    request = VerdictRequest(
        ActionType.REJECTED,
        comment=call.text("comment"),
        reject_action=reject_action,
        reason=call.text("reason"),
    )
    return _review(call, "Rejected", lambda service, some: service.decide_many(some, request))


def reopen(call: Call) -> Answer:
    """Returned for rework without a verdict, `to` their authors (or anyone)."""
    to = call.body.get("to") or RETURN_TO_AUTHOR
    if to not in (RETURN_TO_AUTHOR, RETURN_TO_ANYONE):
        raise Refused("invalid", f"to is {RETURN_TO_AUTHOR} or {RETURN_TO_ANYONE}.", field="to")
    comment = call.text("comment")
    return _review(call, "Reopened", lambda service, some: service.reopen_many(some, to=to, comment=comment))


def undo(call: Call) -> Answer:
    return _review(call, "Undone reviews", lambda service, some: service.undo_many(some))


def _review(
    call: Call, what: str, verb: Callable[[AnnotationReviewService, list[Annotation]], Report]
) -> Answer:
    """Refusals are counted by code, the rest is done. Each chunk is one bulk action with its own undo."""
    service = AnnotationReviewService(call.actor)
    reports = [verb(service, some) for some in call.annotations()]
    refused = Counter(refusal.code for report in reports for _, refusal in report.refused)
    done = sum(len(report.done) for report in reports)
    return answer(done, what, refused=dict(refused), bulk_reviews=[report.bulk.pk for report in reports])


# --- assigning ------------------------------------------------------------------------------------


def assign(kind: AssignmentType) -> Callable[[Call], Answer]:
    def perform(call: Call) -> Answer:
        members = User.objects.filter(memberships__project=call.project)
        people = list(members.filter(pk__in=call.ids("users")))
        if not people:
            raise Refused("unknown_person", "Name members of this project: users: [ids].", field="users")
        for some in chunked(call.task_ids):
            assignments.assign(list(Task.objects.filter(pk__in=some).only("pk", "project_id")), people, kind)
        return answer(len(call.task_ids), "Assigned tasks")

    return perform


def unassign(kind: AssignmentType) -> Callable[[Call], Answer]:
    def perform(call: Call) -> Answer:
        people = call.ids("users") if call.body.get("users") else None
        return answer(assignments.unassign(call.task_ids, kind=kind, users=people), "Removed assignments")

    return perform


ANNOTATOR, REVIEWER = AssignmentType.ANNOTATOR, AssignmentType.REVIEWER
CONFIRM = "Please confirm."

ACTIONS: dict[str, Action] = {
    "accept_tasks_annotations": Action(
        "Accept annotations",
        10,
        "review_annotation",
        accept,
        "Accepts every annotation of these tasks you may review.",
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
        "Undo reviews",
        30,
        "review_annotation",
        undo,
        "Undoes the standing reviews of these tasks. " + CONFIRM,
    ),
    "assign_reviewers": Action("Assign reviewers", 40, "manage_project", assign(REVIEWER), form=people_form),
    "assign_annotators": Action(
        "Assign annotators", 50, "manage_project", assign(ANNOTATOR), form=people_form
    ),
    "delete_reviewers": Action("Unassign reviewers", 60, "manage_project", unassign(REVIEWER), CONFIRM),
    "delete_annotators": Action("Unassign annotators", 70, "manage_project", unassign(ANNOTATOR), CONFIRM),
    "predictions_to_annotations": Action(
        "Create annotations from predictions",
        91,
        "manage_project",
        cleanup.predictions_to_annotations,
        "Makes an annotation of yours from each prediction of these tasks that was not used for one yet.",
        predictions_form,
    ),
    "remove_duplicates": Action(
        "Remove duplicated tasks",
        95,
        "manage_project",
        cleanup.remove_duplicates,
        "Of tasks with the same data keeps one, and every one somebody worked on. " + CONFIRM,
    ),
    "delete_ground_truths": Action(
        "Remove ground truth marks",
        96,
        "set_ground_truth",
        cleanup.delete_ground_truths,
        "The annotations of these tasks stay, but are no longer ground truth. " + CONFIRM,
    ),
    "delete_tasks": Action(
        "Delete tasks", 100, "manage_project", delete_tasks, "Deletes the selected tasks. " + CONFIRM
    ),
    "delete_tasks_annotations": Action(
        "Delete annotations",
        101,
        "manage_project",
        delete_annotations,
        "Deletes all annotations of these tasks. " + CONFIRM,
    ),
    "delete_tasks_predictions": Action(
        "Delete predictions",
        102,
        "manage_project",
        delete_predictions,
        "Deletes all predictions of these tasks. " + CONFIRM,
    ),
}
