"""Write checked tasks, batch by batch, by COPY. Counters come from the functions that recount."""

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
from .entries import Answer, Entry
from .json_stream import invalid
from .report import Report
from .rows import annotation_row, copy_people, count_new, prediction_row, task_row, work_of

CHECK_EVERY = 10_000  # annotations

Placed = tuple[Entry, Task]
Given = tuple[Answer, Task, uuid.UUID]


class Writer:
    """Takes the entries of one import in batches, within one transaction. `created` are the tasks it made."""

    def __init__(self, record: Import, people: People, report: Report, *, on_duplicate: str):
        self.record, self.people, self.report, self.on_duplicate = record, people, report, on_duplicate
        self.project, self.actor = record.project, record.created_by
        self.unchecked, self.first_unchecked = 0, 1
        self.created: list[Task] = []

    def write(self, entries: Sequence[Entry]) -> None:
        with self._naming_tasks(until=entries[-1].number):
            known = known_tasks(self.project, entries)
            if known and self.on_duplicate == ERROR:
                raise refuse_known(*next(iter(known.items())))
            fresh = self._new_tasks([entry for entry in entries if entry.number not in known])
            self._insert(fresh)
            self._meet([entry for entry in entries if entry.number in known], known)
            if self.unchecked >= CHECK_EVERY:
                self._check()
        self.created += [task for _, task in fresh]

    def finish(self, last: int) -> None:
        with self._naming_tasks(until=last):
            self._check()

    # --- new tasks ----------------------------------------------------------------------------

    def _new_tasks(self, entries: Sequence[Entry]) -> list[Placed]:
        numbers, ids = next_inner_ids(self.project, len(entries)), next_ids(Task, len(entries))
        return [
            (e, task_row(e, self.record, pk=pk, inner_id=n))
            for e, n, pk in zip(entries, numbers, ids, strict=True)
        ]

    def _insert(self, placed: Sequence[Placed]) -> None:
        tasks = [task for _, task in placed]
        guesses = [(guess, task) for entry, task in placed for guess in entry.guesses]
        ids = next_ids(Prediction, len(guesses))
        predictions = [
            prediction_row(guess, task, pk=pk) for (guess, task), pk in zip(guesses, ids, strict=True)
        ]
        annotations, works = self._insert_answers(
            [(answer, task) for entry, task in placed for answer in entry.answers]
        )
        copy_people(annotations, works)
        count_new(tasks, annotations, predictions)
        copy_rows(tasks)
        copy_rows(predictions)
        totals.note_new(tasks)
        self.report.count(placed, predictions=len(predictions))

    # --- tasks that are here already ------------------------------------------------------------

    def _meet(self, entries: Sequence[Entry], known: dict[int, int]) -> None:
        """Skip them, or bring their data up to date and add the annotations they do not have yet."""
        met = []
        for entry in entries:
            task_id = known[entry.number]
            if task_id and self.on_duplicate != SKIP:
                met.append((entry, self._update(entry, task_id)))
                self.report.duplicates_updated.add(entry.number, id=task_id)
            else:
                self.report.duplicates_skipped.add(entry.number, id=task_id or None)
        if met:
            self._add_answers(met)

    def _update(self, entry: Entry, task_id: int) -> Task:
        changes = {"data": entry.data, "meta": entry.fields.get("meta", {})}
        if entry.external_id:
            changes["external_id"] = entry.external_id
        return update_task(task_id, changes, actor=self.actor)

    def _add_answers(self, met: Sequence[Placed]) -> None:
        """Those with a unique id that the task has not seen: without one, nobody can tell that it is not there yet."""
        answers = [(answer, task) for entry, task in met for answer in entry.answers if answer.unique_id]
        taken = taken_unique_ids(
            self.project, [answer.unique_id for answer, _ in answers if answer.unique_id]
        )
        self._insert_answers(
            [(answer, task) for answer, task in answers if taken.get(answer.unique_id) != task.pk]
        )  # type: ignore[arg-type]
        tasks = list(Task.objects.select_related("project").lock(task.pk for _, task in met))
        counters.recount(tasks, actor=self.actor)
        review_counters.recount(tasks, actor=self.actor)

    # --- annotations --------------------------------------------------------------------------

    def _insert_answers(
        self, answers: Sequence[tuple[Answer, Task]]
    ) -> tuple[list[Annotation], list[ImportedWork]]:
        given = self._with_unique_ids(answers)
        annotations, works = [], []
        for (answer, task, unique_id), pk in zip(given, next_ids(Annotation, len(given)), strict=True):
            row = annotation_row(
                answer, self.record, self.people, pk=pk, task_id=task.pk, unique_id=unique_id
            )
            annotations.append(row)
            if answer.said.verdicts:
                works.append(work_of(answer, row, self.people, self.project))
        reviews = AnnotationReviewService(self.actor).record_imported(works)
        told = {work.annotation.pk for work in works}
        untold = [annotation for annotation in annotations if annotation.pk not in told]
        config = self.project.label_config_version_id
        copy_rows(history.new_versions(untold, HistoryAction.IMPORTED, self.actor, label_config_id=config))
        copy_rows(annotations)
        self.unchecked += len(annotations)
        self.report.annotations += len(annotations)
        self.report.reviews += len(reviews)
        self.report.standing += sum(work.stands for work in works)
        return annotations, works

    def _with_unique_ids(self, answers: Sequence[tuple[Answer, Task]]) -> list[Given]:
        """Each keeps its unique id where that is free in the project."""
        taken: set[uuid.UUID] = set(
            taken_unique_ids(self.project, [a.unique_id for a, _ in answers if a.unique_id])
        )
        given = []
        for answer, task in answers:
            unique_id = answer.unique_id
            if unique_id is None or unique_id in taken:
                self.report.new_unique_ids += unique_id is not None
                unique_id = uuid.uuid4()
            taken.add(unique_id)
            given.append((answer, task, unique_id))
        return given

    # --- constraints --------------------------------------------------------------------------

    def _check(self) -> None:
        """Foreign keys and verdicts are looked at now, near the tasks at fault, and not at the very end."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        self.unchecked = 0

    @contextmanager
    def _naming_tasks(self, *, until: int) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError) as error:
            diagnostics = getattr(error.__cause__, "diag", None)
            rule = (
                getattr(diagnostics, "constraint_name", None)
                or getattr(diagnostics, "message_primary", None)
                or "a rule"
            )
            raise invalid(
                f"tasks {self.first_unchecked} to {until}: the database refuses one of them ({rule})."
            )
        if self.unchecked == 0:
            self.first_unchecked = until + 1
