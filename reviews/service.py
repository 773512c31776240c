"""The one door to review state.

Every verdict, undo and reopen goes through AnnotationReviewService: admin, API, bulk, crowd and import knock here. Each verb
locks the annotations, then their tasks, asks the workflow, and moves (reviews.moves), in one transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from tasks.choices import ActionType
from tasks.concurrency import NOTHING_SEEN, Seen, refuse_stale
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.roles import may
from tasks.services.annotations import lock
from tasks.services.assignments import Reassigned

from . import disputes, imported, moves, outcomes, rework, workflow
from .decisions import Decision, Intent
from .imported import ImportedWork
from .models import BulkReview, Dispute, Review
from .moves import RETURN_TO_AUTHOR
from .selection import Report, open_selection
from .understanding import repeated, understand


class AnnotationReviewService:
    def __init__(self, actor: Any):
        self.actor = actor

    # --- one annotation ---------------------------------------------------------------------

    def accept(self, annotation: Annotation, **asked: Any) -> Decision:
        """Sign the current version. `asked`: comment, seen (Seen), started_at. Raises Refused."""
        return self.decide(annotation, Intent(ActionType.ACCEPTED, **asked))

    def reject(self, annotation: Annotation, **asked: Any) -> Decision:
        """Refuse to sign it. `asked`: comment, reject_action, reason, assignee, seen, started_at. Raises Refused."""
        return self.decide(annotation, Intent(ActionType.REJECTED, **asked))

    def fix_and_accept(self, annotation: Annotation, *, result: list | None, **asked: Any) -> Decision:
        """Write a better version and sign that. Raises Refused."""
        return self.decide(annotation, Intent(ActionType.FIXED_AND_ACCEPTED, result=result, **asked))

    def decide(self, annotation: Annotation, intent: Intent) -> Decision:
        """One verdict on one annotation; asked again by the same person it is answered again, not repeated."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            self._refuse(workflow.ACTION_OF[intent.verdict], annotation)
            sentence = understand(annotation, intent, self.actor)
            if standing := repeated(sentence, self.actor):
                return Decision(standing, annotation, task, repeated=True)
            refuse_stale(annotation, intent.seen)
            notice = outcomes.settle(sentence, self.actor)
            moves.decide([sentence], [task], actor=self.actor)
        return Decision(sentence.review, annotation, task, notice=notice)

    def change(self, review: Review, intent: Intent) -> Decision:
        """Another verdict in place of this one, which must stand. Raises Refused."""
        with transaction.atomic():
            annotation, _ = lock(review.annotation_id)
            if annotation.standing_review_id != review.pk:
                review.refresh_from_db()
                raise Refused(
                    "not_standing", f"This verdict is {review.state}: only a standing one can be changed."
                )
            return self.decide(annotation, intent)

    def undo(self, review: Review) -> None:
        """Take a standing verdict back. The annotation is unreviewed then; no older verdict comes back. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(review.annotation_id)
            review.refresh_from_db()
            self._refuse_other_than_reviewers(annotation)
            if review.undone_at:
                return
            if annotation.standing_review_id != review.pk:
                raise Refused(
                    "not_standing", f"This verdict is {review.state}: only a standing one can be taken back."
                )
            self._refuse("undo", annotation)
            moves.undo([(annotation, review)], [task], actor=self.actor)

    def reopen(
        self,
        annotation: Annotation,
        *,
        to: str = RETURN_TO_AUTHOR,
        comment: str = "",
        seen: Seen = NOTHING_SEEN,
    ) -> Annotation:
        """Return it for rework without a verdict: nobody's score. `to` its author, or anyone. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            self._refuse("reopen", annotation)
            refuse_stale(annotation, seen)
            moves.reopen([annotation], [task], actor=self.actor, to=to, comment=comment)
        return annotation

    def contest(self, annotation: Annotation, *, because: str, seen: Seen = NOTHING_SEEN) -> Dispute:
        """Its author says why a rejection is wrong, once; another reviewer decides. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            self._refuse("contest", annotation)
            refuse_stale(annotation, seen)
            if not because.strip():
                raise Refused(
                    "reason_required",
                    "Say why the rejection is wrong: another reviewer reads it.",
                    field="reason",
                )
            return disputes.contest(annotation, task, because=because.strip(), actor=self.actor)

    def reassign(self, project: Project, person: Any, *, to: Any | None) -> Reassigned:
        """What waits on `person` in a project goes to somebody, or (None) to the pool. Needs a manager. Raises Refused."""
        if not may(self.actor, "manage_members", project):
            raise Refused(
                "permission_denied",
                "Only a manager of the project may give work to somebody else.",
                status=403,
            )
        return rework.reassign(project, person, to=to, actor=self.actor)

    def undo_reopen(self, annotation: Annotation) -> Annotation:
        """It no longer waits for rework. The verdict it had before does not come back. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            self._refuse("undo_reopen", annotation)
            moves.close_rework(annotation, task, actor=self.actor)
        return annotation

    # --- a selection ------------------------------------------------------------------------

    def accept_many(self, annotations: Iterable[Annotation], **asked: Any) -> Report:
        return self.decide_many(annotations, Intent(ActionType.ACCEPTED, **asked))

    def reject_many(self, annotations: Iterable[Annotation], **asked: Any) -> Report:
        """A required comment does not apply to a selection."""
        return self.decide_many(annotations, Intent(ActionType.REJECTED, **asked))

    def decide_many(self, annotations: Iterable[Annotation], intent: Intent) -> Report:
        """One verdict on many annotations of one project, set-based. What the workflow refuses is reported, not raised."""
        action = workflow.ACTION_OF[intent.verdict]
        with transaction.atomic():
            report, tasks = open_selection(action, annotations, actor=self.actor)
            sentences = []
            for annotation in report.done:
                sentence = understand(annotation, intent, self.actor)
                if repeated(sentence, self.actor):
                    continue
                if refusal := outcomes.refusal(sentence, self.actor):
                    report.refused.append((annotation, refusal))
                else:
                    sentences.append(sentence)
            refused = {annotation.pk for annotation, _ in report.refused}
            report.done = [a for a in report.done if a.pk not in refused]
            moves.decide(sentences, tasks, actor=self.actor, bulk=report.bulk)
        return report

    def undo_many(self, annotations: Iterable[Annotation]) -> Report:
        with transaction.atomic():
            report, tasks = open_selection("undo", annotations, actor=self.actor)
            reviews = Review.objects.in_bulk([a.standing_review_id for a in report.done])
            moves.undo([(a, reviews[a.standing_review_id]) for a in report.done], tasks, actor=self.actor)
        return report

    def reopen_many(
        self, annotations: Iterable[Annotation], *, to: str = RETURN_TO_AUTHOR, comment: str = ""
    ) -> Report:
        with transaction.atomic():
            report, tasks = open_selection("reopen", annotations, actor=self.actor)
            moves.reopen(report.done, tasks, actor=self.actor, to=to, comment=comment)
            report.bulk.reopened = [annotation.pk for annotation in report.done]
            report.bulk.save(update_fields=["reopened"])
        return report

    def undo_bulk(self, bulk: BulkReview) -> Report:
        """Undo what still stands of a bulk action, and nothing that replaced it; the rest is reported."""
        if bulk.reopened:
            return self._undo_bulk_reopen(bulk)
        reviews = {
            review.annotation_id: review
            for review in bulk.reviews.filter(undone_at=None).select_related("annotation")
        }
        present = [
            review.annotation
            for review in reviews.values()
            if review.annotation.standing_review_id == review.pk
        ]
        gone = workflow.Refusal("not_standing", "This verdict no longer stands.")
        report = self._undo_of({a.pk: reviews[a.pk] for a in present}) if present else Report(bulk)
        touched = {a.pk for a in report.done} | {a.pk for a, _ in report.refused}
        report.refused += [(review.annotation, gone) for pk, review in reviews.items() if pk not in touched]
        return report

    def _undo_bulk_reopen(self, bulk: BulkReview) -> Report:
        report = Report(bulk)
        for annotation in Annotation.objects.present().filter(pk__in=bulk.reopened).order_by("pk"):
            try:
                report.done.append(self.undo_reopen(annotation))
            except Refused as refused:
                report.refused.append(
                    (annotation, workflow.Refusal(refused.code, refused.detail, refused.status))
                )
        return report

    def _undo_of(self, reviews: dict[int, Review]) -> Report:
        """Undo these, by annotation id, where they stand now that the annotations are locked."""
        with transaction.atomic():
            report, tasks = open_selection(
                "undo", (review.annotation for review in reviews.values()), actor=self.actor
            )
            report.done = [a for a in report.done if a.standing_review_id == reviews[a.pk].pk]
            moves.undo([(a, reviews[a.pk]) for a in report.done], tasks, actor=self.actor)
        return report

    # --- what a file says ---------------------------------------------------------------------

    def record_imported(self, works: Sequence[ImportedWork]) -> list[Review]:
        """Verdicts told by a file, on annotations the caller writes in the same transaction. Needs a manager. Raises Refused."""
        if not works:
            return []
        if not may(self.actor, "import", works[0].annotation.project_id):
            raise Refused(
                "permission_denied", "Only a manager of the project may import verdicts.", status=403
            )
        return imported.record(works, actor=self.actor)

    # --- the doors the brief names ------------------------------------------------------------

    @staticmethod
    def accept_annotation(annotation: Annotation, reviewer: Any, comment: str | None = None) -> Annotation:
        return AnnotationReviewService(reviewer).accept(annotation, comment=comment or "").annotation

    @staticmethod
    def reject_annotation(annotation: Annotation, reviewer: Any, comment: str | None = None) -> Annotation:
        return AnnotationReviewService(reviewer).reject(annotation, comment=comment or "").annotation

    @staticmethod
    def validate_review_permission(annotation: Annotation, user: Any) -> bool:
        """True, or raises Refused (a ValidationError) saying why `user` may not review this annotation."""
        if refusal := workflow.refusal("accept", annotation, user):
            raise refusal.as_error()
        return True

    # --- within the transaction ---------------------------------------------------------------

    def _refuse(self, action: str, annotation: Annotation) -> None:
        if refusal := workflow.refusal(action, annotation, self.actor):
            raise refusal.as_error()

    def _refuse_other_than_reviewers(self, annotation: Annotation) -> None:
        if not may(self.actor, "review_annotation", annotation.project_id):
            raise workflow.NOT_A_REVIEWER.as_error()
