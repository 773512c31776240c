"""A dry run: reports what an import would do, and writes nothing."""

from typing import Any

from tasks.models import Project

from .authorship import People
from .duplicates import Key, known_tasks
from .entries import TaskEntry
from .options import ERROR, UPDATE, ImportOptions
from .report import LISTED, Report

BATCH = 1000


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
            self.report.count_annotation(
                entry.number, position, annotation, self.project.label_config, lambda key: key
            )

    def result(self, people: People, keys: set[str]) -> dict[str, Any]:
        self._count()
        self.report.placeholders = people.missing(keys)
        reviewers = self.report.reviewers.most_common(LISTED)
        self.report.reviewers.clear()  # they are no ids
        named = [{"email": people.users.email_of.get(key, key), "reviews": n} for key, n in reviewers]
        refused = self.options.on_duplicate == ERROR and self.report.duplicates_skipped.count > 0
        return self.report.as_dict() | {"reviewers": named, "would_be_refused": refused}
