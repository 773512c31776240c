"""A dry run: reports what an import would do, and writes nothing."""

from collections.abc import Sequence
from typing import Any

from tasks.models import Project, Task

from .authorship import People, people_of
from .duplicates import BATCH, Key, known_tasks
from .entries import AnnotationEntry, TaskEntry
from .merging import matches_of, new_predictions, note_not_taken
from .options import ERROR, UPDATE, ImportOptions
from .problems import Problems
from .report import LISTED, Report


class Rehearsal:
    """Its report names people by the keys of the file (see fields.as_person)."""

    def __init__(self, project: Project, options: ImportOptions):
        self.project, self.options = project, options
        self.report = Report()
        self._batch: list[TaskEntry] = []
        self._earlier: set[Key] = set()

    def add(self, entry: TaskEntry) -> None:
        self._batch.append(entry)
        if len(self._batch) == BATCH:
            self._count()

    def finish(self) -> bool:
        """Whether there are tasks to `compare`, in another reading of the files."""
        self._count()
        return self.report.duplicates_updated.count > 0

    def _count(self) -> None:
        known = known_tasks(self.project, self._batch, match_on=self.options.match_on, earlier=self._earlier)
        for entry in self._batch:
            if entry.number not in known:
                self._count_new(entry)
            elif entry.is_part and not known[entry.number].task:
                self._count_annotations(entry)
            elif (found := known[entry.number]).task and self.options.on_duplicate == UPDATE:
                self.report.duplicates_updated.add(entry.number, id=found.task)
            else:
                self.report.duplicates_skipped.add(entry.number, id=found.task or None)
        self._batch = []

    def _count_new(self, entry: TaskEntry) -> None:
        self.report.count_task(entry)
        self._count_annotations(entry)

    def _count_annotations(self, entry: TaskEntry) -> None:
        for position, annotation in enumerate(entry.annotations):
            self._count_annotation(entry.number, position, annotation)

    def _count_annotation(self, number: int, position: int, entry: AnnotationEntry) -> None:
        self.report.count_annotation(number, position, entry, self.project.label_config, lambda key: key)

    def compare(self, entries: Sequence[TaskEntry], people: People, problems: Problems) -> None:
        """What an update would do to tasks that exist already, and not take of the file. After `finish`."""
        known = known_tasks(self.project, entries, match_on=self.options.match_on)
        tasks = Task.objects.in_bulk({found.task for found in known.values()})
        placed = [
            (entry, tasks[found.task])
            for entry in entries
            if (found := known.get(entry.number)) and found.task in tasks
        ]
        people.find(set().union(*(people_of(entry) for entry, _ in placed)))
        matches = matches_of(self.project, placed, people.ids.get)
        for match in matches:
            if not match.here:
                self._count_annotation(match.sent.item.number, match.sent.position, match.sent.entry)
        here = [match for match in matches if match.here]
        unchanged = sum(match.is_equal for match in here)
        self.report.annotations_unchanged += unchanged
        self.report.annotations_updated += len(here) - unchanged
        self.report.predictions += len(new_predictions(placed))
        note_not_taken(placed, matches, self.report, problems, people.ids.get)

    def result(self, people: People, keys: set[str]) -> dict[str, Any]:
        self.report.placeholders = people.missing(keys)
        reviewers = self.report.reviewers.most_common(LISTED)
        self.report.reviewers.clear()  # they are no ids
        named = [{"email": people.users.email_of.get(key, key), "reviews": n} for key, n in reviewers]
        refused = self.options.on_duplicate == ERROR and self.report.duplicates_skipped.count > 0
        return self.report.as_dict() | {"reviewers": named, "would_be_refused": refused}
