"""Writes checked tasks in batches by COPY. Their counters come from the functions that recount uses."""

import uuid
from collections.abc import Iterator, Sequence

from django.db import DataError, Error, IntegrityError, connection

from reviews import counters as review_counters
from reviews.imported import ImportedWork
from reviews.models import Comment
from reviews.service import AnnotationReviewService
from tasks import counters
from tasks.choices import HistoryAction
from tasks.errors import Refused
from tasks.models import Annotation, Draft, Import, Prediction, Task
from tasks.services import history
from tasks.services.annotations import edit
from tasks.services.tasks import save_predictions
from tasks.services.tasks import update as update_task
from tasks.sql import copy_rows, next_ids
from users.sentences import sentence as _

from .authorship import People, people_of
from .duplicates import Known, known_tasks, refuse_known, taken_unique_ids
from .entries import CommentEntry, DraftEntry, TaskEntry
from .merging import Match, Placed, matches_of, new_predictions, note_not_taken
from .options import ERROR, UPDATE, ImportOptions
from .problems import Problems, invalid_import
from .report import Located, Report, annotations_of
from .rows import (
    annotation_row,
    comment_row,
    count_new,
    draft_row,
    prediction_row,
    task_row,
    work_of,
)
from .state import ImportState

CHECK_EVERY = 10_000  # annotations


class Writer:
    """Stages the tasks of one import."""

    def __init__(self, record: Import, people: People, state: ImportState, options: ImportOptions):
        self.record, self.people, self.state, self.options = record, people, state, options
        self.project, self.actor = record.project, record.created_by
        self.unchecked, self.first_unchecked = 0, state.written + 1

    @property
    def report(self) -> Report:
        return self.state.report

    def _known(self, entries: Sequence[TaskEntry]) -> dict[int, Known]:
        return known_tasks(self.project, entries, match_on=self.options.match_on, record=self.record)

    def write(self, entries: Sequence[TaskEntry]) -> None:
        """Stage those that are new here. Of the others, updates are for the end (`update_known`)."""
        known = self._known(entries)
        if known and self.options.on_duplicate == ERROR:
            raise refuse_known(*next(iter(known.items())))
        new = [entry for entry in entries if entry.number not in known]
        self.people.resolve(set().union(*map(people_of, new)))
        self._insert(self._new_tasks(new))
        parts = {entry.number for entry in entries if entry.is_part}
        for number, found in known.items():
            if found.task and self.options.on_duplicate == UPDATE:
                self.state.has_updates = True
            elif not found.task and number in parts:
                self.state.has_parts = True
            else:
                self.report.duplicates_skipped.add(number, id=found.task or None)
        if self.unchecked >= CHECK_EVERY:
            self.check(until=entries[-1].number)

    # --- new tasks ----------------------------------------------------------------------------

    def _new_tasks(self, entries: Sequence[TaskEntry]) -> list[Placed]:
        first = self.state.next_inner_id
        self.state.next_inner_id += len(entries)
        ids = next_ids(Task, len(entries))
        return [
            (entry, task_row(entry, self.record, pk=pk, inner_id=first + place))
            for place, (entry, pk) in enumerate(zip(entries, ids, strict=True))
        ]

    def _insert(self, placed: Sequence[Placed]) -> None:
        tasks = [task for _, task in placed]
        entries = [(prediction, task) for entry, task in placed for prediction in entry.predictions]
        ids = next_ids(Prediction, len(entries))
        predictions = [
            prediction_row(entry, task, pk=pk) for (entry, task), pk in zip(entries, ids, strict=True)
        ]
        annotations, comments = self._insert_annotations(annotations_of(placed))
        # Before the tasks are written, so that COPY writes their counters, too.
        count_new(tasks, annotations, predictions, comments)
        copy_rows(tasks)
        copy_rows(predictions)
        self._insert_drafts([(draft, task) for entry, task in placed for draft in entry.drafts])
        for entry, task in placed:
            self.report.count_task(entry)
            self.report.task_ids.append(task.pk)

    # --- tasks that exist already ------------------------------------------------------------

    def known_here(self, entries: Sequence[TaskEntry]) -> dict[int, int]:
        """Number in the file → id of the task that others see."""
        return {number: found.task for number, found in self._known(entries).items() if found.task}

    def update_known(self, entries: Sequence[TaskEntry], problems: Problems) -> None:
        """Update the data of those that others see, and merge their annotations and predictions with those of
        the file. What is not taken is a warning among `problems`."""
        if not (known := self.known_here(entries)):
            return
        tasks = Task.objects.in_bulk(known.values())
        updated = []
        for entry in entries:
            if entry.number in known:
                updated.append((entry, self._update(entry, tasks[known[entry.number]])))
                self.report.duplicates_updated.add(entry.number, id=known[entry.number])
        self.people.resolve(set().union(*(people_of(entry) for entry, _ in updated)))
        matches = self._merge_annotations(updated)
        if rows := new_predictions(updated):
            self.report.predictions += save_predictions(rows, actor=self.actor)
        note_not_taken(updated, matches, self.report, problems, self.people.__getitem__)

    def add_parts(self, entries: Sequence[TaskEntry]) -> None:
        """To the tasks of this import, which others see from its commit on."""
        parts = [entry for entry in entries if entry.is_part]
        tasks = Task.objects.filter(imported_by=self.record, unique_id__in=[e.unique_id for e in parts])
        by_id = {task.unique_id: task for task in tasks.select_related("project")}
        placed = [(entry, by_id[entry.unique_id]) for entry in parts if entry.unique_id in by_id]
        self.people.resolve(set().union(*(people_of(entry) for entry, _ in placed)))
        unchanged = self.report.annotations_unchanged
        self._merge_annotations(placed)
        self.report.annotations_unchanged = unchanged  # the first part of each task is there already

    def _update(self, entry: TaskEntry, task: Task) -> Task:
        # Through the service, because new data outdates standing reviews.
        changes = {"data": entry.data, "meta": entry.fields.get("meta"), "external_id": entry.external_id}
        changes = {name: value for name, value in changes.items() if value or name == "data"}
        if all(getattr(task, name) == value for name, value in changes.items()):
            return task
        return update_task(task.pk, changes, actor=self.actor)

    def _merge_annotations(self, updated: Sequence[Placed]) -> list[Match]:
        """One that is here already becomes its new version, if it differs. The others are added."""
        matches = matches_of(self.project, updated, self.people.__getitem__)
        for match in matches:
            if match.is_equal:
                self.report.annotations_unchanged += 1
            elif match.here:
                self._edit(match.sent, match.here)
        if new := [match.sent for match in matches if not match.here]:
            self._insert_annotations(new)
            tasks = list(Task.objects.select_related("project").lock(one.task.pk for one in new))
            counters.recount(tasks, actor=self.actor)
            review_counters.recount(tasks, actor=self.actor)
            review_counters.recount_comments(tasks)
        return matches

    def _edit(self, one: Located, annotation: Annotation) -> None:
        changes = {"result": one.entry.result, "was_cancelled": one.entry.fields["was_cancelled"]}
        try:
            edit(annotation.pk, changes, actor=self.actor)
        except Refused as refused:
            where = f"task {one.item.number}: annotations[{one.position}]"
            raise Refused(refused.code, f"{where}: {refused.detail}", status=refused.status)
        self.report.annotations_updated += 1

    # --- annotations --------------------------------------------------------------------------

    def _insert_drafts(self, found: Sequence[tuple[DraftEntry, Task]]) -> None:
        at = self.record.created_at
        ids = next_ids(Draft, len(found))
        copy_rows(
            [
                draft_row(draft, task, self.people, pk=pk, at=at)
                for (draft, task), pk in zip(found, ids, strict=True)
            ]
        )

    def _insert_comments(self, found: Sequence[tuple[CommentEntry, Annotation]]) -> list[Comment]:
        at = self.record.created_at
        ids = next_ids(Comment, len(found))
        comments = [
            comment_row(comment, annotation, self.people, pk=pk, at=at)
            for (comment, annotation), pk in zip(found, ids, strict=True)
        ]
        copy_rows(comments)
        return comments

    def _insert_annotations(self, found: Sequence[Located]) -> tuple[list[Annotation], list[Comment]]:
        annotations: list[Annotation] = []
        works: list[ImportedWork] = []
        ids = next_ids(Annotation, len(found))
        for one, unique_id, pk in zip(found, self._unique_ids(found), ids, strict=True):
            row = annotation_row(
                one.entry, self.record, self.people, pk=pk, task_id=one.task.pk, unique_id=unique_id
            )
            annotations.append(row)
            has_verdicts = bool(one.entry.review_state.verdicts)
            work = work_of(one.entry, row, self.people, self.project) if has_verdicts else None
            works += [work] if work else []
            self.report.count_annotation(
                one.item.number, one.position, one.entry, self.project.label_config, self.people.__getitem__
            )
        AnnotationReviewService(self.actor).record_imported(works)
        # record_imported has written the history of those with verdicts.
        reviewed = {work.annotation.pk for work in works}
        others = [annotation for annotation in annotations if annotation.pk not in reviewed]
        config = self.project.label_config_version_id
        copy_rows(history.new_versions(others, HistoryAction.IMPORTED, self.actor, label_config_id=config))
        copy_rows(annotations)
        self.unchecked += len(annotations)
        said = [
            (comment, row)
            for one, row in zip(found, annotations, strict=True)
            for comment in one.entry.comments
        ]
        return annotations, self._insert_comments(said)

    def _unique_ids(self, found: Sequence[Located]) -> Iterator[uuid.UUID]:
        """An annotation keeps its unique id if it is free in the project."""
        wanted = [one.entry.unique_id for one in found if one.entry.unique_id]
        taken = set(taken_unique_ids(self.project, wanted))
        for one in found:
            unique_id = one.entry.unique_id
            if unique_id is None or unique_id in taken:
                self.report.new_unique_ids += unique_id is not None
                unique_id = uuid.uuid4()
            taken.add(unique_id)
            yield unique_id

    # --- constraints --------------------------------------------------------------------------

    def check(self, *, until: int) -> None:
        """Check deferred constraints now: at the very end an error could not name the tasks."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        except (IntegrityError, DataError) as error:
            raise self.refused(error, until=until)
        self.unchecked, self.first_unchecked = 0, until + 1

    def refused(self, error: Error, *, until: int) -> Refused:
        found = getattr(error.__cause__, "diag", None)
        rule = getattr(found, "constraint_name", None) or getattr(found, "message_primary", None) or "a rule"
        tasks = f"tasks {self.first_unchecked} to {until}"
        return invalid_import(
            _("%(tasks)s: the database refuses one of them (%(rule)s).", tasks=tasks, rule=rule)
        )
