"""Why a reviewer gets nothing: a code and a sentence, the nearest cause first."""

from dataclasses import dataclass, replace

from django.db.models import QuerySet

from tasks.models import Membership
from tasks.roles import may
from tasks.totals import totals_of

from ..eligibility import own_contested_verdict, own_work
from ..models import Queue
from .drawing import FREE, QueueRequest, held_by


@dataclass(frozen=True)
class Reason:
    code: str
    detail: str


NOT_A_REVIEWER = Reason("not_a_reviewer", "Your role in this project does not include reviewing.")
PAUSED = Reason(
    "paused", "You are paused in this project: you get no new work until a manager takes you on again."
)
WORKFLOW_DISABLED = Reason("workflow_disabled", "Reviews are switched off in this project.")
ALL_LEASED = Reason(
    "all_leased", "Everything that waits is with other reviewers just now. Ask again in a few minutes."
)
NOTHING_ASSIGNED = Reason(
    "nothing_assigned", "In this project you review assigned tasks only, and none that waits is yours."
)
ONLY_OWN_VERDICTS = Reason(
    "only_own_verdicts", "What waits contests your own verdicts: somebody else has to decide."
)
ONLY_OWN_WORK = Reason("only_own_work", "What waits is your own work: somebody else has to review it.")
NOT_FINISHED_YET = Reason(
    "not_finished_yet", "What is left waits for more annotations: only finished tasks enter review here."
)
PUT_ASIDE = Reason("put_aside", "You have put aside all that is left.")
DONE = Reason("done", "Nothing waits: all of it is reviewed.")


def before_drawing(request: QueueRequest) -> Reason | None:
    """Why this person gets nothing here, whatever waits."""
    if not may(request.user, "review_annotation", request.project):
        return NOT_A_REVIEWER
    if Membership.objects.filter(project=request.project, user=request.user, paused=True).exists():
        return PAUSED
    return None if request.project.enable_review_workflow else WORKFLOW_DISABLED


def why_empty(request: QueueRequest) -> Reason:
    """Each condition is lifted in turn: the first that lets something through is the reason."""
    wanted, decidable = (
        rows.filter(queue__in=request.queues) for rows in (request.wanted, request.decidable)
    )
    if decidable.exclude(FREE | held_by(request.user)).exists():
        return ALL_LEASED
    if (
        request.skipped_ids
        and replace(request, skipped_ids=(), task_id=None).decidable.filter(queue__in=request.queues).exists()
    ):
        return PUT_ASIDE
    if wanted.exists():
        return _not_permitted(request, wanted)
    return NOT_FINISHED_YET if Queue.REVIEW in request.queues and _unfinished(request) else DONE


def _not_permitted(request: QueueRequest, wanted: QuerySet) -> Reason:
    if not request.project.allow_self_review and not wanted.exclude(own_work(request.user)).exists():
        return ONLY_OWN_WORK
    if not wanted.exclude(own_contested_verdict(request.user)).exists():
        return ONLY_OWN_VERDICTS
    return NOTHING_ASSIGNED if request.project.review_only_manual_assignments else ONLY_OWN_WORK


def _unfinished(request: QueueRequest) -> bool:
    if not request.project.only_finished_tasks:
        return False
    counted = totals_of([request.project.pk])[request.project.pk]
    return counted["annotations"] > 0 and counted["finished"] < counted["tasks"]
