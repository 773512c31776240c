"""The actions on a selection of tasks, and the table that lists them."""

from collections.abc import Callable

from tasks.choices import AssignmentType
from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.services import annotations, assignments, tasks
from users.models import User
from users.sentences import sentence as _

from . import cleanup, reviewing
from .action_base import Action, Answer, Call, answer, chunked
from .dialogs import people_form, predictions_form
from .reviewing import ReviewAction, UndoBulkAction

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


# --- assigning ------------------------------------------------------------------------------------


def assign(kind: AssignmentType) -> Callable[[Call], Answer]:
    def perform(call: Call) -> Answer:
        members = User.objects.filter(memberships__project=call.project)
        people = list(members.filter(pk__in=call.ids("users")))
        if not people:
            raise Refused("unknown_person", _("Name members of this project: users: [ids]."), field="users")
        for some in chunked(call.task_ids):
            chosen = list(Task.objects.filter(pk__in=some).only("pk", "project_id"))
            assignments.assign(chosen, people, kind, actor=call.actor)
        return answer(len(call.task_ids), "Assigned tasks")

    return perform


def unassign(kind: AssignmentType) -> Callable[[Call], Answer]:
    def perform(call: Call) -> Answer:
        people = call.ids("users") if call.body.get("users") else None
        removed = assignments.unassign(call.task_ids, kind=kind, users=people, actor=call.actor)
        return answer(removed, "Removed assignments")

    return perform


ANNOTATOR, REVIEWER = AssignmentType.ANNOTATOR, AssignmentType.REVIEWER
CONFIRM = "Please confirm."

ACTIONS: dict[str, Action] = {
    "accept_tasks_annotations": ReviewAction(
        "Accept annotations",
        10,
        "review_annotation",
        reviewing.accept,
        "Accepts every annotation of these tasks that you may review." + reviewing.LEFT_ALONE,
        reviewing.accept_form,
        bulk_name="accept",
    ),
    "reject_tasks_annotations": ReviewAction(
        "Reject annotations",
        20,
        "review_annotation",
        reviewing.reject,
        "Rejects every annotation of these tasks that you may review." + reviewing.LEFT_ALONE,
        reviewing.reject_form,
        bulk_name="reject",
    ),
    "reopen_tasks_annotations": ReviewAction(
        "Reopen annotations",
        25,
        "review_annotation",
        reviewing.reopen,
        "Returns the annotations of these tasks for rework, without a verdict." + reviewing.LEFT_ALONE,
        reviewing.reopen_form,
        bulk_name="reopen",
    ),
    "undo_tasks_reviews": ReviewAction(
        "Undo reviews",
        30,
        "review_annotation",
        reviewing.undo,
        "Undoes the standing verdicts on these tasks that you may undo.",
        reviewing.undo_form,
        bulk_name="undo",
    ),
    "undo_bulk_review": UndoBulkAction(
        "Undo a bulk action",
        35,
        "review_annotation",
        reviewing.undo_bulk,
        "Undoes what still stands of a bulk action, on all its annotations, and restores the verdicts that "
        "it replaced.",
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
        by_parts=False,  # only all of them together show what is there twice
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
# The name that Label Studio's clients may know. Its dialogs say of everything called "delete" that it cannot
# be undone.
OTHER_NAMES = {"delete_tasks_reviews": "undo_tasks_reviews"}
