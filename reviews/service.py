"""The only code that changes review state.

Every verdict, undo and reopen goes through AnnotationReviewService, from the API, the admin, bulk actions
and imports alike. Each method does the same in one transaction: lock the annotations, then their tasks; plan,
which asks the workflow; apply the plans. reviews/decisions/__init__.py walks through one accept.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects

from tasks.choices import ActionType
from tasks.concurrency import NOTHING_SEEN, Seen, refuse_stale
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.roles import may, memberships_of
from tasks.services.annotations import lock
from tasks.services.assignments import Reassigned
from users.models import User
from users.sentences import sentence as _

from . import disputes, imported, rework, workflow
from .decisions.apply import apply
from .decisions.locking import Locked, lock_one, lock_selection, read_selection
from .decisions.plan import Plan, plan_reopen, plan_undo, plan_undo_reopen, plan_verdict
from .decisions.request import RETURN_TO_AUTHOR, BulkAction, Decision, Report, VerdictRequest
from .decisions.restoring import CHANGED, Past, affected_by, plan_restore, read_past
from .guards import Refusal
from .imported import ImportedWork
from .models import BulkReview, Dispute, Review

# For one annotation of a selection: its plan, or why not, or the review that a request repeats.
Planner = Callable[[Annotation, Review | None], Plan | Refusal | Review]
Selection = Iterable[Annotation | int]
GONE = Refusal("not_standing", _("This verdict no longer stands."))
ALREADY_DECIDED = Refusal(
    "already_decided",
    _("Somebody else has decided this already. It is left alone unless decided ones are included."),
)
NOT_YOUR_BULK = Refusal(
    "not_your_review", _("Somebody else did this. Only they or a manager may bring the verdict back."), 403
)
REASON_OF = {"undo": "undone", "reopen": "reopened"}  # why the reviews that a bulk action ends are withdrawn


class AnnotationReviewService:
    """What `actor` may do to annotations. A method that raises Refused has changed nothing.

    An annotation is given as a row, if the caller has checked that the actor may see it, or by its id: then
    it must be visible to the actor, else Refused(404).
    """

    def __init__(self, actor: User):
        self.actor = actor
        memberships_of(actor)  # now, because what is read inside a transaction is not kept

    # --- one annotation ---------------------------------------------------------------------

    def accept(self, annotation: Annotation | int, **options: Any) -> Decision:
        """Sign the current version. `options`: comment, seen (Seen), started_at."""
        return self.decide(annotation, VerdictRequest(ActionType.ACCEPTED, **options))

    def reject(self, annotation: Annotation | int, **options: Any) -> Decision:
        """Reject the current version. `options` as for `accept`, and: reject_action, reason, assignee."""
        return self.decide(annotation, VerdictRequest(ActionType.REJECTED, **options))

    def fix_and_accept(
        self, annotation: Annotation | int, *, result: list | None, **options: Any
    ) -> Decision:
        """Write a corrected version and sign that. `options` as for `accept`."""
        return self.decide(
            annotation, VerdictRequest(ActionType.FIXED_AND_ACCEPTED, result=result, **options)
        )

    def decide(self, annotation: Annotation | int, request: VerdictRequest) -> Decision:
        """One verdict on one annotation. If the same person sends it twice, the second changes nothing."""
        with transaction.atomic():
            locked = lock_one(annotation, self.actor)
            return self._decide(locked, request)

    def change(self, review: Review, request: VerdictRequest) -> Decision:
        """Replace this review, which must stand, by another verdict."""
        with transaction.atomic():
            locked = lock_one(review.annotation, self.actor)
            if locked.annotations[0].standing_review_id != review.pk:
                review.refresh_from_db()
                raise Refused(
                    "not_standing",
                    _(
                        "This verdict is %(state)s. Only a standing verdict can be changed.",
                        state=review.state,
                    ),
                )
            return self._decide(locked, request)

    def undo(self, review: Review) -> None:
        """Undo a standing verdict. Afterwards the annotation is unreviewed: no older verdict comes back."""
        with transaction.atomic():
            locked = lock_one(review.annotation, self.actor, seen_versions=True)
            (annotation,), standing = locked.annotations, locked.standing.get(review.annotation_id)
            # First, so that others learn nothing about the review.
            if not may(self.actor, "review_annotation", annotation.project_id):
                raise workflow.NOT_A_REVIEWER.as_error()
            review.refresh_from_db()
            if review.undone_at:  # a repeated request
                return
            if standing is None or standing.pk != review.pk:
                raise Refused(
                    "not_standing",
                    _(
                        "This verdict is %(state)s. Only a standing verdict can be undone.",
                        state=review.state,
                    ),
                )
            self._refuse("undo", annotation)
            self._apply([plan_undo(annotation, standing, self.actor)], locked, reason="undone")

    def reopen(
        self,
        annotation: Annotation | int,
        *,
        to: str = RETURN_TO_AUTHOR,
        comment: str = "",
        seen: Seen = NOTHING_SEEN,
    ) -> Annotation:
        """Return it for rework without a verdict, so it counts in no score. `to` its author, or anyone."""
        with transaction.atomic():
            locked = lock_one(annotation, self.actor)
            (found,) = locked.annotations
            self._refuse("reopen", found)
            refuse_stale(found, seen)
            plan = self._reopen_planner(locked, to, comment)(found, locked.standing.get(found.pk))
            self._apply([plan], locked, reason="reopened")
        return found

    def undo_reopen(self, annotation: Annotation | int) -> Annotation:
        """It is no longer open for rework. The verdict it had before does not come back."""
        with transaction.atomic():
            locked = lock_one(annotation, self.actor)
            (found,) = locked.annotations
            self._refuse("undo_reopen", found)
            self._apply([plan_undo_reopen(found, self.actor)], locked)
        return found

    def contest(self, annotation: Annotation, *, reason: str, seen: Seen = NOTHING_SEEN) -> Dispute:
        """Its author says why the rejection is wrong, once. Another reviewer decides."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            self._refuse("contest", annotation)
            refuse_stale(annotation, seen)
            if not reason.strip():
                raise Refused(
                    "reason_required",
                    _("Say why the rejection is wrong. Another reviewer will read it."),
                    field="reason",
                )
            return disputes.contest(annotation, task, reason=reason.strip(), actor=self.actor)

    def reassign(self, project: Project, person: User, *, to: User | None) -> Reassigned:
        """Give the work that waits for `person` here to somebody, or to anyone (None). Needs a manager."""
        if not may(self.actor, "manage_members", project):
            raise Refused(
                "permission_denied",
                _("Only a manager of the project may reassign work."),
                status=403,
            )
        return rework.reassign(project, person, to=to, actor=self.actor)

    # --- a selection ------------------------------------------------------------------------

    def perform_many(
        self, annotations: Selection, action: BulkAction, *, bulk: BulkReview | None = None
    ) -> Report:
        """One action on many annotations of one project. Refusals are reported, not raised.

        `bulk` is given if this is a part of a longer one. Raises Refused if none of the annotations exists.
        """
        ids = _ids(annotations)
        with transaction.atomic():
            locked = lock_selection(ids, seen_versions=action.name == "undo")
            report, plans = self._plan_many(ids, action, locked)
            if plans:
                ended = [plan.ends.pk for plan in plans if plan.ends and plan.review is None]
                reopened = [plan.annotation.pk for plan in plans] if action.name == "reopen" else []
                report.bulk = self._record_bulk(locked, action.name, bulk, ended=ended, reopened=reopened)
            self._apply(plans, locked, bulk=report.bulk, reason=REASON_OF.get(action.name, ""))
        return report

    def preview_many(self, annotations: Selection, action: BulkAction) -> Report:
        """What `perform_many` would report now. Writes nothing, and waits for nobody."""
        ids = _ids(annotations)
        locked = read_selection(ids, seen_versions=action.name == "undo")
        return self._plan_many(ids, action, locked)[0]

    def accept_many(self, annotations: Selection, **options: Any) -> Report:
        """`options`: include_decided, and fields of VerdictRequest."""
        return self.perform_many(annotations, BulkAction.of("accept", **options))

    def reject_many(self, annotations: Selection, **options: Any) -> Report:
        """`options` as for `accept_many`. A selection needs no comment, even where a reject needs one."""
        return self.perform_many(annotations, BulkAction.of("reject", **options))

    def undo_many(self, annotations: Selection) -> Report:
        return self.perform_many(annotations, BulkAction("undo"))

    def reopen_many(self, annotations: Selection, **options: Any) -> Report:
        """`options`: to, comment, include_decided."""
        return self.perform_many(annotations, BulkAction.of("reopen", **options))

    def undo_bulk(
        self,
        undone: BulkReview,
        annotations: Selection | None = None,
        *,
        bulk: BulkReview | None = None,
    ) -> Report:
        """Undo what still stands of a bulk action, and restore the verdicts that it ended. The rest is
        reported. `annotations`: only of these, as a part of `bulk`.
        """
        ids = affected_by(undone) if annotations is None else _ids(annotations)
        if not ids:
            return Report()
        with transaction.atomic():
            locked = lock_selection(ids)
            report, undoing, restoring = self._plan_undo_bulk(undone, ids, locked)
            if report.done:
                ended = [plan.ends.pk for plan in undoing if plan.ends]
                report.bulk = self._record_bulk(locked, "undo", bulk, ended=ended)
            self._apply(undoing, locked, reason="" if undone.reopened else "undone")
            self._apply(restoring, locked, bulk=report.bulk)
        return report

    def preview_undo_bulk(self, undone: BulkReview, annotations: Selection) -> Report:
        """What `undo_bulk` would report now. Writes nothing."""
        ids = _ids(annotations)
        return self._plan_undo_bulk(undone, ids, read_selection(ids))[0]

    # --- imports ------------------------------------------------------------------------------

    def record_imported(self, works: Sequence[ImportedWork]) -> list[Review]:
        """Verdicts from a file. Needs a manager. The caller inserts the annotations in the same transaction.

        Returns the reviews, which count in no score.
        """
        if not works:
            return []
        if not may(self.actor, "import", works[0].annotation.project_id):
            raise Refused(
                "permission_denied", _("Only a manager of the project may import verdicts."), status=403
            )
        return imported.record(works, actor=self.actor)

    # --- static shortcuts, with the reviewer as an argument -------------------------------------

    @staticmethod
    def accept_annotation(annotation: Annotation, reviewer: User, comment: str | None = None) -> Annotation:
        return AnnotationReviewService(reviewer).accept(annotation, comment=comment or "").annotation

    @staticmethod
    def reject_annotation(annotation: Annotation, reviewer: User, comment: str | None = None) -> Annotation:
        return AnnotationReviewService(reviewer).reject(annotation, comment=comment or "").annotation

    @staticmethod
    def validate_review_permission(annotation: Annotation, user: User) -> bool:
        """True, or raises Refused (a ValidationError) saying why `user` may not review this annotation."""
        if refusal := workflow.refusal("accept", annotation, user):
            raise refusal.as_error()
        return True

    # --- within the transaction ---------------------------------------------------------------

    def _decide(self, locked: Locked, request: VerdictRequest) -> Decision:
        (annotation,), (task,) = locked.annotations, locked.tasks
        standing = locked.standing.get(annotation.pk)
        planned = plan_verdict(annotation, request, self.actor, now=locked.at, standing=standing)
        if isinstance(planned, Refusal):
            raise planned.as_error()
        if isinstance(planned, Review):
            return Decision(planned, annotation, task, repeated=True)
        (review,) = apply([planned], [task], actor=self.actor, now=locked.at)
        assert review is not None  # a plan of a verdict has one
        return Decision(review, annotation, task, notice=planned.notice)

    def _reopen_planner(
        self, locked: Locked, to: str, comment: str
    ) -> Callable[[Annotation, Review | None], Plan]:
        return lambda annotation, standing: plan_reopen(
            annotation, standing, self.actor, now=locked.at, to=to, comment=comment
        )

    def _planner(self, action: BulkAction, locked: Locked) -> Planner:
        request = action.request
        if request is not None:
            if action.name == "reject":
                # Whether the author can take the work back depends on their membership.
                prefetch_related_objects(locked.annotations, "completed_by__memberships")
            return lambda annotation, standing: plan_verdict(
                annotation, request, self.actor, now=locked.at, standing=standing, in_bulk=True
            )
        if action.name == "undo":
            return self._if_allowed(
                "undo",
                lambda annotation, standing: (
                    GONE if standing is None else plan_undo(annotation, standing, self.actor)
                ),
            )
        return self._if_allowed("reopen", self._reopen_planner(locked, action.to, action.comment))

    def _if_allowed(self, action: str, planner: Planner) -> Planner:
        """The same plans, where the workflow allows `action`. (`plan_verdict` asks by itself.)"""
        return lambda annotation, standing: (
            workflow.refusal(action, annotation, self.actor) or planner(annotation, standing)
        )

    def _plan_many(
        self, ids: Collection[int], action: BulkAction, locked: Locked
    ) -> tuple[Report, list[Plan]]:
        planner, plans = self._planner(action, locked), []
        report = Report(not_found=_missing(ids, locked))
        leaves_decided = not action.include_decided and action.name != "undo"
        for annotation in locked.annotations:
            standing = locked.standing.get(annotation.pk)
            found = planner(annotation, standing)
            is_others = standing is not None and standing.created_by_id != self.actor.pk
            if is_others and leaves_decided and isinstance(found, Plan):
                found = ALREADY_DECIDED
            if isinstance(found, Refusal):
                report.refused.append((annotation, found))
                continue
            report.done.append(annotation)
            if isinstance(found, Plan):  # else the standing review: a repeat is done already
                plans.append(found)
                if is_others:
                    report.replaced.append(annotation.pk)
        return report, plans

    def _plan_undo_bulk(
        self, undone: BulkReview, ids: Collection[int], locked: Locked
    ) -> tuple[Report, list[Plan], list[Plan]]:
        """The report, the plans that undo, and the plans to apply after them, which restore."""
        past = read_past(undone, [annotation.pk for annotation in locked.annotations])
        report, undoing, restoring = Report(not_found=_missing(ids, locked)), [], []
        for annotation in locked.annotations:
            restored = plan_restore(annotation, past, now=locked.at)
            keeps_version = isinstance(restored, Plan)
            found = self._plan_one_undo(annotation, locked, undone, past, keeps_version=keeps_version)
            if found is None and not isinstance(restored, Plan):
                found = restored or GONE
            if isinstance(found, Refusal):
                report.refused.append((annotation, found))
                continue
            report.done.append(annotation)
            if found is not None:
                undoing.append(found)
            if isinstance(restored, Plan):
                restoring.append(restored)
                report.restored.append(annotation.pk)
            elif restored is not None:
                report.not_restored.append((annotation, restored))
        return report, undoing, restoring

    def _plan_one_undo(
        self, annotation: Annotation, locked: Locked, undone: BulkReview, past: Past, *, keeps_version: bool
    ) -> Plan | Refusal | None:
        """None if the bulk action was itself an undo: then there is nothing to undo, only to restore."""
        if annotation.pk in past.reopened:
            return workflow.refusal("undo_reopen", annotation, self.actor) or plan_undo_reopen(
                annotation, self.actor
            )
        standing, made = locked.standing.get(annotation.pk), past.changes[annotation.pk].made
        if made is not None:
            # Asked again under the lock: another verdict may have replaced it meanwhile.
            if standing is None or standing.pk != made.pk:
                return GONE
            return workflow.refusal("undo", annotation, self.actor) or plan_undo(
                annotation, made, self.actor, keeps_version=keeps_version
            )
        if standing is not None or annotation.returned_at is not None:
            return CHANGED
        if undone.created_by_id != self.actor.pk and not may(
            self.actor, "undo_any_review", annotation.project_id
        ):
            return NOT_YOUR_BULK
        return None

    def _record_bulk(
        self,
        locked: Locked,
        action: str,
        bulk: BulkReview | None,
        *,
        ended: list[int],
        reopened: Sequence[int] = (),
    ) -> BulkReview:
        """A bulk action by itself is recorded once it changes something; a part adds to the whole."""
        if bulk is None:
            return BulkReview.objects.create(
                project=locked.annotations[0].project,
                action=action,
                created_by=self.actor,
                ended=ended,
                reopened=list(reopened),
            )
        bulk.extend(ended=ended, reopened=reopened)
        return bulk

    def _apply(
        self, plans: Sequence[Plan], locked: Locked, *, bulk: BulkReview | None = None, reason: str = ""
    ) -> None:
        # Tasks of which everything was refused keep their counters.
        decided = {plan.annotation.task_id for plan in plans}
        tasks = [task for task in locked.tasks if task.pk in decided]
        apply(plans, tasks, actor=self.actor, now=locked.at, bulk=bulk, reason=reason)

    def _refuse(self, action: str, annotation: Annotation) -> None:
        if refusal := workflow.refusal(action, annotation, self.actor):
            raise refusal.as_error()


def _missing(ids: Collection[int], locked: Locked) -> list[int]:
    return sorted(set(ids) - {annotation.pk for annotation in locked.annotations})


def _ids(selection: Selection) -> list[int]:
    return [one.pk if isinstance(one, Annotation) else one for one in selection]
