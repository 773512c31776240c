"""Writes checked tasks in batches by COPY. Their counters come from the functions that recount uses."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DataError, IntegrityError, connection

from reviews import counters as review_counters
from reviews.imported import ImportedWork
from reviews.service import AnnotationReviewService
from tasks import counters, totals
from tasks.choices import HistoryAction
from tasks.models import Annotation, Import, Prediction, Task
from tasks.services import history
from tasks.services.tasks import next_inner_ids
from tasks.services.tasks import update as update_task
from tasks.sql import copy_rows, next_ids

from .authorship import People
from .duplicates import ERROR, SKIP, known_tasks, refuse_known, taken_unique_ids
from .entries import TaskEntry
from .json_stream import invalid_import
from .report import Located, Report, annotations_of
from .rows import annotation_row, copy_people, count_new, prediction_row, task_row, work_of

CHECK_EVERY = 10_000  # annotations

Placed = tuple[TaskEntry, Task]


class Writer:
    """Writes one import, within one transaction. `created` are the new tasks."""

    def __init__(self, record: Import, people: People, report: Report, *, on_duplicate: str):
        self.record, self.people, self.report, self.on_duplicate = record, people, report, on_duplicate
        self.project, self.actor = record.project, record.created_by
        self.unchecked, self.first_unchecked = 0, 1
        self.created: list[Task] = []

    def write(self, entries: Sequence[TaskEntry]) -> None:
        with self._naming_tasks_in_errors(until=entries[-1].number):
            known = known_tasks(self.project, entries)
            if known and self.on_duplicate == ERROR:
                raise refuse_known(*next(iter(known.items())))
            new = self._new_tasks([entry for entry in entries if entry.number not in known])
            self._insert(new)
            self._write_known([entry for entry in entries if entry.number in known], known)
            if self.unchecked >= CHECK_EVERY:
                self._check()
        self.created += [task for _, task in new]

    def finish(self, last: int) -> None:
        with self._naming_tasks_in_errors(until=last):
            self._check()

    # --- new tasks ----------------------------------------------------------------------------

    def _new_tasks(self, entries: Sequence[TaskEntry]) -> list[Placed]:
        numbers, ids = next_inner_ids(self.project, len(entries)), next_ids(Task, len(entries))
        return [
            (e, task_row(e, self.record, pk=pk, inner_id=n))
            for e, n, pk in zip(entries, numbers, ids, strict=True)
        ]

    def _insert(self, placed: Sequence[Placed]) -> None:
        tasks = [task for _, task in placed]
        entries = [(prediction, task) for entry, task in placed for prediction in entry.predictions]
        ids = next_ids(Prediction, len(entries))
        predictions = [
            prediction_row(entry, task, pk=pk) for (entry, task), pk in zip(entries, ids, strict=True)
        ]
        annotations, works = self._insert_annotations(annotations_of(placed))
        copy_people(annotations, works)
        # Before the tasks are written, so that COPY writes their counters, too.
        count_new(tasks, annotations, predictions)
        copy_rows(tasks)
        copy_rows(predictions)
        totals.add_new(tasks)
        self.report.count(placed, predictions=len(predictions))

    # --- tasks that exist already ------------------------------------------------------------

    def _write_known(self, entries: Sequence[TaskEntry], known: dict[int, int]) -> None:
        """Skip them, or update their data and add the annotations they do not have yet."""
        updated = []
        for entry in entries:
            task_id = known[entry.number]
            if task_id and self.on_duplicate != SKIP:
                updated.append((entry, self._update(entry, task_id)))
                self.report.duplicates_updated.add(entry.number, id=task_id)
            else:
                self.report.duplicates_skipped.add(entry.number, id=task_id or None)
        if updated:
            self._add_annotations(updated)

    def _update(self, entry: TaskEntry, task_id: int) -> Task:
        # Through the service, because new data outdates standing reviews.
        changes = {"data": entry.data, "meta": entry.fields.get("meta", {})}
        if entry.external_id:
            changes["external_id"] = entry.external_id
        return update_task(task_id, changes, actor=self.actor)

    def _add_annotations(self, updated: Sequence[Placed]) -> None:
        """Those with a unique id that is new to the task: of the others we cannot know."""
        found = [one for one in annotations_of(updated) if one.entry.unique_id]
        taken = taken_unique_ids(self.project, [one.entry.unique_id for one in found])
        self._insert_annotations([one for one in found if taken.get(one.entry.unique_id) != one.task.pk])
        tasks = list(Task.objects.select_related("project").lock(task.pk for _, task in updated))
        counters.recount(tasks, actor=self.actor)
        review_counters.recount(tasks, actor=self.actor)

    # --- annotations --------------------------------------------------------------------------

    def _insert_annotations(self, found: Sequence[Located]) -> tuple[list[Annotation], list[ImportedWork]]:
        annotations, works = [], []
        ids = next_ids(Annotation, len(found))
        for one, unique_id, pk in zip(found, self._unique_ids(found), ids, strict=True):
            row = annotation_row(
                one.entry, self.record, self.people, pk=pk, task_id=one.task.pk, unique_id=unique_id
            )
            annotations.append(row)
            has_verdicts = bool(one.entry.review_state.verdicts)
            work = work_of(one.entry, row, self.people, self.project) if has_verdicts else None
            works += [work] if work else []
            self.report.count_annotation(one, row, work)
        AnnotationReviewService(self.actor).record_imported(works)
        # record_imported has written the history of those with verdicts.
        reviewed = {work.annotation.pk for work in works}
        others = [annotation for annotation in annotations if annotation.pk not in reviewed]
        config = self.project.label_config_version_id
        copy_rows(history.new_versions(others, HistoryAction.IMPORTED, self.actor, label_config_id=config))
        copy_rows(annotations)
        self.unchecked += len(annotations)
        return annotations, works

    def _unique_ids(self, found: Sequence[Located]) -> Iterator[uuid.UUID]:
        """An annotation keeps its unique id if it is free in the project."""
        wanted = [one.entry.unique_id for one in found if one.entry.unique_id]
        taken = set(taken_unique_ids(self.project, wanted))
        for unique_id in (one.entry.unique_id for one in found):
            is_free = unique_id is not None and unique_id not in taken
            self.report.new_unique_ids += unique_id is not None and not is_free
            taken.add(chosen := unique_id if is_free else uuid.uuid4())
            yield chosen

    # --- constraints --------------------------------------------------------------------------

    def _check(self) -> None:
        """Check deferred constraints now: at the very end an error could not name the tasks."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        self.unchecked = 0

    @contextmanager
    def _naming_tasks_in_errors(self, *, until: int) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError) as error:
            found = getattr(error.__cause__, "diag", None)
            rule = (
                getattr(found, "constraint_name", None) or getattr(found, "message_primary", None) or "a rule"
            )
            tasks = f"tasks {self.first_unchecked} to {until}"
            raise invalid_import(f"{tasks}: the database refuses one of them ({rule}).")
        if self.unchecked == 0:
            self.first_unchecked = until + 1
