"""Why a reviewer gets nothing from the queue: a code and a sentence, the most immediate cause first."""

from dataclasses import dataclass, replace

from django.db.models import QuerySet

from tasks.models import Membership
from tasks.roles import may
from tasks.totals import totals_of
from users.sentences import sentence as _

from ..eligibility import own_contested_verdict, own_work
from ..models import Queue
from .drawing import FREE, QueueRequest, held_by


@dataclass(frozen=True)
class Reason:
    code: str
    detail: str


NOT_A_REVIEWER = Reason("not_a_reviewer", _("Your role in this project does not include reviewing."))
PAUSED = Reason(
    "paused", _("You are paused in this project: you get no new work until a manager ends the pause.")
)
WORKFLOW_DISABLED = Reason("workflow_disabled", _("Reviews are switched off in this project."))
ALL_LEASED = Reason(
    "all_leased", _("Other reviewers are working on everything that is waiting. Try again in a few minutes.")
)
NOTHING_ASSIGNED = Reason(
    "nothing_assigned",
    _("In this project you review assigned tasks only, and nothing that is waiting is assigned to you."),
)
ONLY_OWN_VERDICTS = Reason(
    "only_own_verdicts",
    _("Only disputes about your own verdicts are waiting. Another reviewer has to decide them."),
)
ONLY_OWN_WORK = Reason(
    "only_own_work", _("Only your own work is waiting. Another reviewer has to review it.")
)
NOT_FINISHED_YET = Reason(
    "not_finished_yet",
    _("What is left needs more annotations first: only finished tasks are reviewed in this project."),
)
PUT_ASIDE = Reason("put_aside", _("You have skipped everything that is left."))
DONE = Reason("done", _("Nothing is waiting for review."))


def before_drawing(request: QueueRequest) -> Reason | None:
    """Why this person gets nothing here, whatever is in the queue."""
    if not may(request.user, "review_annotation", request.project):
        return NOT_A_REVIEWER
    if Membership.objects.filter(project=request.project, user=request.user, paused=True).exists():
        return PAUSED
    return None if request.project.enable_review_workflow else WORKFLOW_DISABLED


def why_empty(request: QueueRequest) -> Reason:
    """Drop one condition after the other: the first that makes a difference is the reason."""
    # `wanted` is in the queue for anybody, `decidable` is the part that this person may decide.
    wanted, decidable = (
        rows.filter(queue__in=request.queues) for rows in (request.wanted, request.decidable)
    )
    # There is something to decide, but others have leased all of it.
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
