"""Why a reviewer gets nothing: a code and a sentence, the nearest cause first."""

from dataclasses import dataclass

from django.db import connection

from tasks.models import Membership
from tasks.roles import may
from tasks.totals import totals_of

from ..models import Queue
from .drawing import FREE, MINE, Ask


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


def before_drawing(ask: Ask) -> Reason | None:
    """Why this person gets nothing here, whatever waits."""
    if not may(ask.user, "review_annotation", ask.project):
        return NOT_A_REVIEWER
    if Membership.objects.filter(project=ask.project, user=ask.user, paused=True).exists():
        return PAUSED
    return None if ask.project.enable_review_workflow else WORKFLOW_DISABLED


def why_empty(ask: Ask) -> Reason:
    """Each condition is lifted in turn: the first that lets something through is the reason."""
    asked = [*ask.wanted(), "e.queue = ANY(%(queues)s)"]
    if _any(ask, [*asked, *ask.permitted(), f"NOT ({FREE} OR {MINE})"]):
        return ALL_LEASED
    if ask.aside and _any(ask, ["e.project_id = %(project)s", "e.queue = ANY(%(queues)s)", *ask.permitted()]):
        return PUT_ASIDE
    if _any(ask, asked):
        return _not_permitted(ask, asked)
    return NOT_FINISHED_YET if Queue.REVIEW in ask.queues and _unfinished(ask) else DONE


def _not_permitted(ask: Ask, asked: list[str]) -> Reason:
    others = ["e.author_id <> %(user)s", "e.written_by_id <> %(user)s"]
    if not ask.project.allow_self_review and not _any(ask, [*asked, *others]):
        return ONLY_OWN_WORK
    if not _any(ask, [*asked, "e.not_for_id IS DISTINCT FROM %(user)s"]):
        return ONLY_OWN_VERDICTS
    return NOTHING_ASSIGNED if ask.project.review_only_manual_assignments else ONLY_OWN_WORK


def _any(ask: Ask, rules: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM reviews_queueentry e WHERE {' AND '.join(rules)})", ask.parameters
        )
        return cursor.fetchone()[0]


def _unfinished(ask: Ask) -> bool:
    if not ask.project.only_finished_tasks:
        return False
    counted = totals_of([ask.project.pk])[ask.project.pk]
    return counted["annotations"] > 0 and counted["finished"] < counted["tasks"]
