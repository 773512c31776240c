"""Review actions on a selection: what their dialogs say before, and what their answers say after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from jobs.models import Job
from reviews import bulk
from reviews.decisions.request import RETURN_TO_ANYONE, RETURN_TO_AUTHOR, BulkAction, Report
from reviews.models import BulkReview
from tasks.choices import RejectAction
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.roles import may
from users.sentences import sentence as _
from users.zones import zone_of

from . import dialogs
from .action_base import Action, Answer, Call, Form, chunked

PREVIEWED = 10_000  # annotations; of more, a dialog only counts those that others have decided
RECENT = 20  # bulk actions offered for undo
LEFT_ALONE = " What others have decided is left alone, unless you include it."


@dataclass(frozen=True)
class ReviewAction(Action):
    """Its dialog says what it would do to the selection. A long one is one bulk action, done by a job."""

    bulk_name: str = ""
    by_parts: bool = False  # reviews/bulk.py does that

    def listed_form(self, project: Project) -> None:
        return None

    def form_for(self, call: Call) -> Form:
        form = self.form(call.project)
        return dialogs.with_preview(form, preview_sentence(self.bulk_name, call)) if call.task_ids else form


@dataclass(frozen=True)
class UndoBulkAction(Action):
    """Its dialog offers the newest bulk actions: one's own, or to managers all of the project."""

    by_parts: bool = False

    def listed_form(self, project: Project) -> None:
        return None

    def form_for(self, call: Call) -> Form:
        recent = undoable(call).select_related("created_by").order_by("-id")[:RECENT]
        return dialogs.bulk_field([{"value": str(one.pk), "label": _described(one)} for one in recent])


def accept(call: Call) -> Answer:
    return _perform(call, BulkAction.of("accept", comment=call.text("comment"), **_included(call)))


def reject(call: Call) -> Answer:
    reject_action = call.body.get("reject_action") or None
    if reject_action is not None and reject_action not in RejectAction.values:
        known = ", ".join(RejectAction.values)
        raise Refused("invalid", _("reject_action is one of %(known)s.", known=known), field="reject_action")
    options: dict[str, Any] = {
        "comment": call.text("comment"),
        "reason": call.text("reason"),
        "reject_action": reject_action,
    }
    return _perform(call, BulkAction.of("reject", **options, **_included(call)))


def reopen(call: Call) -> Answer:
    """Returned for rework without a verdict, `to` their authors (or anyone)."""
    to = call.body.get("to") or RETURN_TO_AUTHOR
    if to not in (RETURN_TO_AUTHOR, RETURN_TO_ANYONE):
        raise Refused(
            "invalid",
            _(
                "to is %(return_to_author)s or %(return_to_anyone)s.",
                return_to_author=RETURN_TO_AUTHOR,
                return_to_anyone=RETURN_TO_ANYONE,
            ),
            field="to",
        )
    return _perform(call, BulkAction.of("reopen", to=to, comment=call.text("comment"), **_included(call)))


def undo(call: Call) -> Answer:
    return _perform(call, BulkAction("undo"))


def undo_bulk(call: Call) -> Answer:
    """Of the bulk action named by `bulk_review`, whatever tasks are selected."""
    found = undoable(call).filter(pk__in=call.ids("bulk_review")[:1]).first()
    if found is None:
        raise Refused("unknown_bulk_review", _("Choose the bulk action to undo."), field="bulk_review")
    return _answer("undo", bulk.undo(found, actor=call.actor))


def _included(call: Call) -> dict[str, Any]:
    return {"include_decided": call.flag("include_decided")}


def _perform(call: Call, action: BulkAction) -> Answer:
    ids = _annotations_of(call)
    if call.flag("dry_run"):
        report = bulk.preview(ids, action, actor=call.actor)
        return _body(action.name, report) | {
            "processed_items": 0,
            "detail": bulk.sentence_before(action.name, bulk.Counts.of(report)),
            "dry_run": True,
        }
    outcome = bulk.perform(ids, action, actor=call.actor) if ids else Report()
    return _answer(action.name, outcome)


def _annotations_of(call: Call) -> list[int]:
    """The annotations of these tasks that the actor sees."""
    visible = Annotation.objects.visible_to(call.actor).listed()
    found: list[int] = []
    for some in chunked(call.task_ids):
        found += visible.filter(task_id__in=some).values_list("pk", flat=True)
    return sorted(found)


def _answer(action: str, outcome: Report | Job) -> Answer:
    if isinstance(outcome, Report):
        return _body(action, outcome)
    return {
        "processed_items": 0,
        "detail": _("This takes a moment. Job %(outcome)s reports when it is done.", outcome=outcome.pk),
        "bulk_reviews": [outcome.subject_id],
        "async": True,
        "job": {"id": outcome.pk, "url": f"/api/jobs/{outcome.pk}/"},
    }


def _body(action: str, report: Report) -> Answer:
    counts = bulk.Counts.of(report)
    return {
        "processed_items": counts.done,
        "detail": bulk.sentence_after(action, counts),
        "refused": dict(counts.refused),
        "replaced": counts.replaced,
        "restored": counts.restored,
        "bulk_reviews": [report.bulk.pk] if report.bulk else [],
    }


# --- dialogs --------------------------------------------------------------------------------------


def accept_form(project: Project) -> Form:
    return dialogs.comment_form(project) + dialogs.include_decided_field()


def reject_form(project: Project) -> Form:
    return dialogs.reject_form(project) + dialogs.include_decided_field()


def reopen_form(project: Project) -> Form:
    return dialogs.reopen_form(project) + dialogs.include_decided_field()


def undo_form(project: Project) -> Form:
    return dialogs.dry_run_field()


def undoable(call: Call) -> QuerySet[BulkReview]:
    found = BulkReview.objects.filter(project=call.project).select_related("project")
    return found if may(call.actor, "undo_any_review", call.project) else found.filter(created_by=call.actor)


def _described(one: BulkReview) -> str:
    when = one.created_at.astimezone(zone_of(one.project.timezone))
    return f"{one.pk}: {bulk.DONE[one.action]} by {one.created_by}, {when:%d %B, %H:%M}"


def preview_sentence(action: str, call: Call) -> str:
    """What the action would do, without including what others have decided."""
    ids = _annotations_of(call)
    if len(ids) <= PREVIEWED:
        report = bulk.preview(ids, BulkAction.of(action), actor=call.actor)
        return bulk.sentence_before(action, bulk.Counts.of(report))
    decided = _decided_by_others(ids, call)
    return f"{len(ids):,} annotations are selected. Others have decided {decided:,} of them."


def _decided_by_others(ids: Sequence[int], call: Call) -> int:
    by_others = Q(standing_review_id__isnull=False) & ~Q(last_created_by=call.actor)
    rows = Annotation.objects.filter(by_others)
    return sum(rows.filter(pk__in=some).count() for some in chunked(list(ids)))
