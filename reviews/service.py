"""The one door to review state.

Every verdict, undo and reopen goes through AnnotationReviewService: admin, API, bulk, crowd and import knock here. Each verb
locks the annotations, then their tasks, asks the workflow, writes, counts, and tells, in one transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from tasks import counters as task_counters
from tasks import events as task_events
from tasks.choices import ActionType, HistoryAction
from tasks.concurrency import Seen, refuse_stale
from tasks.errors import Refused
from tasks.models import Annotation, History, Task
from tasks.results import same_result
from tasks.roles import may
from tasks.services import history
from tasks.services.annotations import lock
from tasks.services.projects import assign
from tasks.sql import update_rows

from . import comments, counters, events, imported, outcomes, workflow
from .decisions import VERDICT_FIELDS, VERSION_FIELDS, Decision, Intent, Sentence, write
from .imported import ImportedWork
from .models import BulkReview, Review

RETURN_TO_AUTHOR, RETURN_TO_ANYONE = "author", "anyone"


@dataclass
class Report:
    """What a bulk action did: what was decided, and what was refused with the reason."""

    bulk: BulkReview
    done: list[Annotation] = field(default_factory=list)
    refused: list[tuple[Annotation, workflow.Refusal]] = field(default_factory=list)


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
            sentence = self._understand(annotation, intent)
            if repeated := self._repeated(sentence):
                return Decision(repeated, annotation, task, repeated=True)
            refuse_stale(annotation, intent.seen)
            notice = outcomes.settle(sentence, self.actor)
            self._write([sentence], [task])
        return Decision(sentence.review, annotation, task, notice=notice)

    def undo(self, review: Review) -> None:
        """Take a standing verdict back. The annotation is unreviewed then; no older verdict comes back. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(review.annotation_id)
            review.refresh_from_db()
            if not may(self.actor, "review_annotation", annotation.project_id):
                raise workflow.NOT_A_REVIEWER.as_error()
            if review.undone_at:
                return
            self._refuse_other_than_standing(review, annotation)
            self._refuse("undo", annotation)
            self._undo([(annotation, review)], [task])

    def reopen(self, annotation: Annotation, *, to: str = RETURN_TO_AUTHOR, comment: str = "", seen: Seen = Seen()) -> Annotation:
        """Return it for rework without a verdict: nobody's score. `to` its author, or anyone. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            self._refuse("reopen", annotation)
            refuse_stale(annotation, seen)
            self._reopen([annotation], [task], to, comment)
        return annotation

    def undo_reopen(self, annotation: Annotation) -> Annotation:
        """It no longer waits for rework. The verdict it had before does not come back. Raises Refused."""
        with transaction.atomic():
            annotation, task = lock(annotation.pk)
            if not may(self.actor, "review_annotation", annotation.project_id):
                raise workflow.NOT_A_REVIEWER.as_error()
            if annotation.returned_at is None or annotation.standing_review_id:
                raise Refused("not_reopened", "This annotation is not open for rework.")
            self._close_rework(annotation, task)
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
            report, tasks = self._open(action, annotations)
            sentences = []
            for annotation in report.done:
                sentence = self._understand(annotation, intent)
                if self._repeated(sentence):
                    continue
                if refusal := outcomes.refusal(sentence, self.actor):
                    report.refused.append((annotation, refusal))
                else:
                    sentences.append(sentence)
            refused = {annotation.pk for annotation, _ in report.refused}
            report.done = [a for a in report.done if a.pk not in refused]
            self._write(sentences, tasks, bulk=report.bulk)
        return report

    def undo_many(self, annotations: Iterable[Annotation]) -> Report:
        with transaction.atomic():
            report, tasks = self._open("undo", annotations)
            reviews = Review.objects.in_bulk([a.standing_review_id for a in report.done])
            self._undo([(a, reviews[a.standing_review_id]) for a in report.done], tasks)
        return report

    def reopen_many(self, annotations: Iterable[Annotation], *, to: str = RETURN_TO_AUTHOR, comment: str = "") -> Report:
        with transaction.atomic():
            report, tasks = self._open("reopen", annotations)
            self._reopen(report.done, tasks, to, comment)
        return report

    def undo_bulk(self, bulk: BulkReview) -> Report:
        """Undo what still stands of a bulk action, and nothing that replaced it; the rest is reported."""
        reviews = {review.annotation_id: review for review in bulk.reviews.filter(undone_at=None).select_related("annotation")}
        present = [review.annotation for review in reviews.values() if review.annotation.standing_review_id == review.pk]
        gone = workflow.Refusal("not_standing", "This verdict no longer stands.")
        report = self._undo_of({a.pk: reviews[a.pk] for a in present}) if present else Report(bulk)
        touched = {a.pk for a in report.done} | {a.pk for a, _ in report.refused}
        report.refused += [(review.annotation, gone) for pk, review in reviews.items() if pk not in touched]
        return report

    def _undo_of(self, reviews: dict[int, Review]) -> Report:
        """Undo these, by annotation id, where they stand now that the annotations are locked."""
        with transaction.atomic():
            report, tasks = self._open("undo", (review.annotation for review in reviews.values()))
            report.done = [a for a in report.done if a.standing_review_id == reviews[a.pk].pk]
            self._undo([(a, reviews[a.pk]) for a in report.done], tasks)
        return report

    # --- what a file says ---------------------------------------------------------------------

    def record_imported(self, works: Sequence[ImportedWork]) -> list[Review]:
        """Verdicts told by a file, on annotations the caller writes in the same transaction. Needs a manager. Raises Refused."""
        if not works:
            return []
        if not may(self.actor, "import", works[0].annotation.project_id):
            raise Refused("permission_denied", "Only a manager of the project may import verdicts.", status=403)
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

    # --- within the transaction, rows locked --------------------------------------------------

    def _refuse(self, action: str, annotation: Annotation) -> None:
        if refusal := workflow.refusal(action, annotation, self.actor):
            raise refusal.as_error()

    def _refuse_other_than_standing(self, review: Review, annotation: Annotation) -> None:
        if annotation.standing_review_id != review.pk:
            raise Refused("not_standing", f"This verdict is {review.state}: only a standing one can be taken back.")

    def _understand(self, annotation: Annotation, intent: Intent) -> Sentence:
        """Accepting one's own plain edit of somebody's work is a fix. "Before" is the annotator's last version, never one's own."""
        own_edit = annotation.version_author_id == self.actor.pk and not annotation.is_work_of(self.actor)
        if intent.verdict == ActionType.REJECTED or not own_edit:
            return Sentence(annotation, intent)
        before = _last_of_annotator(annotation)
        if intent.verdict == ActionType.FIXED_AND_ACCEPTED:
            return Sentence(annotation, intent, before=before)
        if before is None or same_result(before.result, annotation.result):
            return Sentence(annotation, intent)
        signed = intent.on(verdict=ActionType.FIXED_AND_ACCEPTED, result=annotation.result)
        return Sentence(annotation, signed, before=before, signs_edit=True)

    def _repeated(self, sentence: Sentence) -> Review | None:
        """The standing review, when `sentence` only says it again (rules §2)."""
        annotation, intent = sentence.annotation, sentence.intent
        if annotation.standing_review_id is None:
            return None
        standing = Review.objects.get(pk=annotation.standing_review_id)
        same_words = (standing.created_by_id, standing.verdict, standing.imported_by_id) == (self.actor.pk, intent.verdict, None)
        same_comment = intent.comment in ("", standing.comment)
        same_outcome = intent.verdict != ActionType.REJECTED or outcomes.resolve(annotation, intent)[0] == standing.reject_action
        same_reason = intent.reason in ("", standing.reason)
        same_fix = intent.verdict != ActionType.FIXED_AND_ACCEPTED or same_result(intent.result or [], annotation.result)
        return standing if same_words and same_comment and same_outcome and same_reason and same_fix else None

    def _write(self, sentences: list[Sentence], tasks: list[Task], *, bulk: BulkReview | None = None) -> None:
        if not sentences:
            return
        with_comment = [s for s in sentences if s.intent.comment]
        written = (
            comments.write([s.annotation for s in with_comment], with_comment[0].intent.comment, actor=self.actor)
            if with_comment
            else []
        )
        for sentence, comment in zip(with_comment, written, strict=True):
            sentence.comment = comment
        slots_before = {s.annotation.pk for s in sentences if s.annotation.redistributed}
        write(sentences, actor=self.actor, bulk=bulk)
        slots_after = {s.annotation.pk for s in sentences if s.annotation.redistributed}
        for sentence in sentences:
            self._hand_on(sentence)
        if written:
            counters.recount_comments(tasks)
        turned = self._count(tasks, slots_moved=slots_before != slots_after)
        annotations = tuple(s.annotation for s in sentences)
        reviews = tuple(s.review for s in sentences)
        self._tell(events.REVIEWS_CREATED, annotations, tasks, subjects=reviews)
        self._tell_turned(annotations[0].project, turned)

    def _hand_on(self, sentence: Sentence) -> None:
        """Give a redistributed task to whom a manager named."""
        annotation, assignee = sentence.annotation, sentence.intent.assignee
        if assignee and annotation.redistributed and may(self.actor, "manage_project", annotation.project):
            assign([annotation.task], [assignee], "AN")

    def _open(self, action: str, annotations: Iterable[Annotation]) -> tuple[Report, list[Task]]:
        """Lock a selection and sort it by what the workflow says. `report.done` is what may be done."""
        locked = [a for a in Annotation.objects.select_related("project").lock(a.pk for a in annotations) if a.deleted_at is None]
        if not locked:
            raise Refused("nothing_selected", "Nothing of this selection exists any more.")
        if len({a.project_id for a in locked}) > 1:
            raise Refused("mixed_projects", "A selection must be of one project.")
        project = locked[0].project
        tasks = list(Task.objects.lock(a.task_id for a in locked))
        if project.review_only_manual_assignments:
            prefetch_related_objects(tasks, "assignments")
        by_id = {task.pk: task for task in tasks}
        bulk = BulkReview.objects.create(project=project, action=action, created_by=self.actor)
        report = Report(bulk)
        for annotation in locked:
            annotation.project = project
            annotation.task = by_id[annotation.task_id]
            annotation.task.project = project
            refusal = workflow.refusal(action, annotation, self.actor)
            if refusal:
                report.refused.append((annotation, refusal))
            else:
                report.done.append(annotation)
        return report, tasks

    def _undo(self, pairs: list[tuple[Annotation, Review]], tasks: list[Task]) -> None:
        if not pairs:
            return
        slots_moved = any(annotation.redistributed for annotation, _ in pairs)
        rows = []
        for annotation, review in pairs:
            review.undone_at = timezone.now()
            review.undone_by = self.actor
            review.annotation = annotation
            self._unsign(annotation, ActionType.DELETED_REVIEW)
            rows.append(self._undo_row(annotation, review))
        annotations = [annotation for annotation, _ in pairs]
        slots_moved |= any(annotation.was_cancelled for annotation in annotations)  # a fix had answered what was skipped
        reviews = [review for _, review in pairs]
        History.objects.bulk_create(rows)
        update_rows(reviews, ["undone_at", "undone_by"])
        update_rows(annotations, [*VERDICT_FIELDS, *VERSION_FIELDS])
        turned = self._count(tasks, slots_moved=slots_moved)
        self._tell(events.REVIEWS_UNDONE, annotations, tasks, subjects=tuple(reviews))
        self._tell(events.REVIEW_WITHDRAWN, annotations, tasks, subjects=tuple(reviews), detail={"reason": "undone"})
        self._tell_turned(annotations[0].project, turned)

    def _undo_row(self, annotation: Annotation, review: Review) -> History:
        """The undo of a fix writes the version before the fix as a new version, under its author's name."""
        if review.fixed_version_id is None:
            return history.row(annotation, HistoryAction.DELETED_REVIEW, self.actor, review_id=review.pk)
        annotation.result = review.seen_version.result
        annotation.was_cancelled = review.seen_version.was_cancelled
        annotation.version += 1
        annotation.version_author_id = review.seen_version.author_id
        return history.new_versions([annotation], HistoryAction.DELETED_REVIEW, self.actor, review_id=review.pk)[0]

    def _reopen(self, annotations: list[Annotation], tasks: list[Task], to: str, comment: str) -> None:
        if not annotations:
            return
        standing = list(Review.objects.filter(pk__in=[a.standing_review_id for a in annotations if a.standing_review_id]))
        slots_moved = any(annotation.redistributed for annotation in annotations)
        said = comments.write(annotations, comment, actor=self.actor) if comment else [None] * len(annotations)
        rows = []
        for annotation, remark in zip(annotations, said, strict=True):
            review_id = annotation.standing_review_id
            self._unsign(annotation, ActionType.UPDATED)
            annotation.returned_at = timezone.now()
            annotation.returned_to = annotation.completed_by if to == RETURN_TO_AUTHOR else None
            about = {"review_id": review_id, "comment": comment, "comment_id": remark.pk if remark else None}
            rows.append(history.row(annotation, HistoryAction.REOPENED, self.actor, **about))
        History.objects.bulk_create(rows)
        update_rows(annotations, VERDICT_FIELDS)
        if comment:
            counters.recount_comments(tasks)
        turned = self._count(tasks, slots_moved=slots_moved)
        self.tell_withdrawn(annotations, standing, tasks, "reopened")
        for annotation in annotations:
            self._tell(task_events.ANNOTATION_TOUCHED, [annotation], [annotation.task])
        self._tell_turned(annotations[0].project, turned)

    def _close_rework(self, annotation: Annotation, task: Task) -> None:
        self._unsign(annotation, ActionType.UPDATED)
        history.record(annotation, HistoryAction.UPDATED, self.actor, details={"reopen": "undone"})
        update_rows([annotation], VERDICT_FIELDS)
        turned = self._count([task], slots_moved=False)
        self._tell(task_events.ANNOTATION_TOUCHED, [annotation], [task])
        self._tell_turned(annotation.project, turned)

    def _unsign(self, annotation: Annotation, action: ActionType) -> None:
        annotation.last_action = action
        annotation.last_created_by = self.actor
        annotation.annotation_seq += 1
        annotation.updated_at = timezone.now()
        annotation.updated_by = self.actor
        forget_verdict(annotation)

    def withdraw(self, annotations: Collection[Annotation], tasks: list[Task], reason: str) -> None:
        """The annotations changed under their standing verdicts: those are outdated now. `last_action` has moved already."""
        standing = list(Review.objects.filter(pk__in=[a.standing_review_id for a in annotations if a.standing_review_id]))
        slots_moved = any(annotation.redistributed for annotation in annotations)
        for annotation in annotations:
            forget_verdict(annotation)
        update_rows(list(annotations), ["standing_review_id", "redistributed", "returned_at", "returned_to"])
        turned = self._count(tasks, slots_moved=slots_moved)
        self.tell_withdrawn(annotations, standing, tasks, reason)
        if tasks:
            self._tell_turned(tasks[0].project, turned)

    def tell_withdrawn(self, annotations: Collection[Annotation], reviews: list[Review], tasks: list[Task], reason: str) -> None:
        by_id = {annotation.pk: annotation for annotation in annotations}
        for review in reviews:
            review.annotation = by_id[review.annotation_id]
        if reviews:
            signed = [review.annotation for review in reviews]
            self._tell(events.REVIEW_WITHDRAWN, signed, tasks, subjects=tuple(reviews), detail={"reason": reason})

    def _count(self, tasks: list[Task], *, slots_moved: bool) -> tuple[list[Task], list[Task]]:
        if slots_moved:
            task_counters.recount(tasks)
        return counters.recount(tasks, actor=self.actor)

    def _tell(self, kind: str, annotations: Collection[Annotation], tasks: Iterable[Task], **about: Any) -> None:
        project = next(iter(annotations)).project
        task_events.tell(kind, project, actor=self.actor, annotations=tuple(annotations), tasks=tuple(tasks), **about)

    def _tell_turned(self, project, turned: tuple[list[Task], list[Task]]) -> None:
        for kind, tasks in zip((events.TASK_REVIEWED, events.TASK_UNREVIEWED), turned, strict=True):
            if tasks:
                task_events.tell(kind, project, actor=self.actor, tasks=tuple(tasks))


def _last_of_annotator(annotation: Annotation) -> History | None:
    versions = History.objects.filter(annotation=annotation).versions()
    return versions.filter(author__in=(annotation.completed_by_id, annotation.written_by_id)).order_by("-id").first()


def forget_verdict(annotation: Annotation) -> None:
    annotation.standing_review_id = None
    annotation.redistributed = False
    annotation.returned_at = None
    annotation.returned_to = None
