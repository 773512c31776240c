"""The only code that changes review state.

Every verdict, undo and reopen goes through AnnotationReviewService, from the API, the admin, bulk actions
and imports alike. Each method does the same in one transaction: lock the annotations, then their tasks; plan,
which asks the workflow; apply the plans. reviews/decisions/__init__.py walks through one accept.
"""

from collections.abc import Callable, Iterable, Sequence
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

from . import disputes, imported, rework, workflow
from .decisions.apply import apply
from .decisions.locking import Locked, lock_one, lock_selection
from .decisions.plan import Plan, plan_reopen, plan_undo, plan_undo_reopen, plan_verdict
from .decisions.request import RETURN_TO_AUTHOR, Decision, Report, VerdictRequest
from .guards import Refusal
from .imported import ImportedWork
from .models import BulkReview, Dispute, Review

# For one annotation of a selection: its plan, or why not, or None if it needs no change.
Planner = Callable[[Annotation, Review | None], Plan | Refusal | None]
Selection = Iterable[Annotation | int]
GONE = Refusal("not_standing", "This verdict no longer stands.")


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
                    "not_standing", f"This verdict is {review.state}. Only a standing verdict can be changed."
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
                    "not_standing", f"This verdict is {review.state}. Only a standing verdict can be undone."
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
                    "Say why the rejection is wrong. Another reviewer will read it.",
                    field="reason",
                )
            return disputes.contest(annotation, task, reason=reason.strip(), actor=self.actor)

    def reassign(self, project: Project, person: User, *, to: User | None) -> Reassigned:
        """Give the work that waits for `person` here to somebody, or to anyone (None). Needs a manager."""
        if not may(self.actor, "manage_members", project):
            raise Refused(
                "permission_denied",
                "Only a manager of the project may reassign work.",
                status=403,
            )
        return rework.reassign(project, person, to=to, actor=self.actor)

    # --- a selection ------------------------------------------------------------------------

    def accept_many(self, annotations: Selection, **options: Any) -> Report:
        return self.decide_many(annotations, VerdictRequest(ActionType.ACCEPTED, **options))

    def reject_many(self, annotations: Selection, **options: Any) -> Report:
        """A selection needs no comment, even where a reject needs one."""
        return self.decide_many(annotations, VerdictRequest(ActionType.REJECTED, **options))

    def decide_many(self, annotations: Selection, request: VerdictRequest) -> Report:
        """One verdict on many annotations of one project. Refusals are reported, not raised."""
        with transaction.atomic():
            locked = lock_selection(_ids(annotations))

            def plan(annotation: Annotation, standing: Review | None) -> Plan | Refusal | None:
                found = plan_verdict(
                    annotation, request, self.actor, now=locked.at, standing=standing, in_bulk=True
                )
                return None if isinstance(found, Review) else found  # a repeat is done already

            if request.verdict == ActionType.REJECTED:
                # Whether the author can take the work back depends on their membership.
                prefetch_related_objects(locked.annotations, "completed_by__memberships")
            return self._apply_many(workflow.ACTION_OF[request.verdict], locked, plan)

    def undo_many(self, annotations: Selection) -> Report:
        return self._undo_many(annotations, lambda _: True)

    def reopen_many(self, annotations: Selection, *, to: str = RETURN_TO_AUTHOR, comment: str = "") -> Report:
        with transaction.atomic():
            locked = lock_selection(_ids(annotations))
            planner = self._if_allowed("reopen", self._reopen_planner(locked, to, comment))
            report = self._apply_many("reopen", locked, planner, "reopened")
            report.bulk.reopened = [annotation.pk for annotation in report.done]
            report.bulk.save(update_fields=["reopened"])
        return report

    def undo_bulk(self, bulk: BulkReview) -> Report:
        """Undo what still stands of a bulk action, but nothing that replaced it. The rest is reported."""
        if bulk.reopened:
            return self._undo_bulk_reopen(bulk)
        reviews = bulk.reviews.filter(undone_at=None).select_related("annotation")
        of_bulk = {review.annotation_id: review for review in reviews}
        # Those that no longer stand are reported without locking them.
        present = [r.annotation for r in of_bulk.values() if r.annotation.standing_review_id == r.pk]
        report = Report(bulk)
        if present:
            report = self._undo_many(present, lambda review: review.bulk_id == bulk.pk)
        touched = {a.pk for a in report.done} | {a.pk for a, _ in report.refused}
        report.refused += [(r.annotation, GONE) for pk, r in of_bulk.items() if pk not in touched]
        return report

    def _undo_many(self, annotations: Selection, is_meant: Callable[[Review], bool]) -> Report:
        def plan(annotation: Annotation, standing: Review | None) -> Plan | Refusal:
            # Asked again under the lock: another verdict may have replaced it meanwhile.
            if standing is None or not is_meant(standing):
                return GONE
            return plan_undo(annotation, standing, self.actor)

        with transaction.atomic():
            locked = lock_selection(_ids(annotations), seen_versions=True)
            return self._apply_many("undo", locked, self._if_allowed("undo", plan), "undone")

    def _undo_bulk_reopen(self, bulk: BulkReview) -> Report:
        present = Annotation.objects.present().filter(pk__in=bulk.reopened)
        if not present:
            return Report(bulk)
        with transaction.atomic():
            locked = lock_selection(_ids(present))
            planner = self._if_allowed("undo_reopen", lambda one, _: plan_undo_reopen(one, self.actor))
            return self._apply_many("undo_reopen", locked, planner, bulk=bulk)

    # --- imports ------------------------------------------------------------------------------

    def record_imported(self, works: Sequence[ImportedWork]) -> list[Review]:
        """Verdicts from a file. Needs a manager. The caller inserts the annotations in the same transaction.

        Returns the reviews, which count in no score.
        """
        if not works:
            return []
        if not may(self.actor, "import", works[0].annotation.project_id):
            raise Refused(
                "permission_denied", "Only a manager of the project may import verdicts.", status=403
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

    def _if_allowed(self, action: str, planner: Planner) -> Planner:
        """The same plans, where the workflow allows `action`. (`plan_verdict` asks by itself.)"""
        return lambda annotation, standing: (
            workflow.refusal(action, annotation, self.actor) or planner(annotation, standing)
        )

    def _apply_many(
        self,
        action: str,
        locked: Locked,
        planner: Planner,
        reason: str = "",
        bulk: BulkReview | None = None,
    ) -> Report:
        bulk = bulk or BulkReview.objects.create(
            project=locked.annotations[0].project, action=action, created_by=self.actor
        )
        report, plans = Report(bulk), []
        for annotation in locked.annotations:
            found = planner(annotation, locked.standing.get(annotation.pk))
            if isinstance(found, Refusal):
                report.refused.append((annotation, found))
                continue
            report.done.append(annotation)
            if found is not None:
                plans.append(found)
        self._apply(plans, locked, bulk=bulk, reason=reason)
        return report

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


def _ids(selection: Selection) -> list[int]:
    return [one.pk if isinstance(one, Annotation) else one for one in selection]
