"""Imports a file of tasks: reads it once to check everything, and again to write it, all or nothing.

What is written is staged, hidden as deleted tasks are, until the last act makes all of it visible at once
(publishing.py). So nothing that others wait for is locked while it is written: the numbers of the tasks and
the placeholders are committed before, and the lock on adding tasks is held for the end of that last act only.
See docs/decisions/022.
"""

import copy
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError, connection, transaction
from psycopg import errors

from jobs.progress import Progress, no_progress
from reviews.purging import purge_staged
from tasks.errors import Refused
from tasks.labelconfig import problems
from tasks.models import Import, Project
from tasks.roles import may
from tasks.services.tasks import reserve_inner_ids
from users.models import User

from .authorship import People, UsersMap, discard_staged, people_of
from .duplicates import ON_DUPLICATE, SKIP
from .entries import TaskEntry, parse_task
from .json_stream import TaskFile, invalid_import
from .publishing import publish
from .report import Report
from .state import ImportState, counting_settings
from .writer import Writer

BATCH = 1000  # tasks
TRIES = 3  # of a batch whose unique ids somebody else takes at the same moment


@dataclass(frozen=True)
class Outcome:
    record: Import
    report: Report
    seconds: float


@dataclass(frozen=True)
class Survey:
    """What the first reading of the file found: the number of tasks, and everybody the file names."""

    tasks: int
    people: set[str]


class TooLong(Exception):
    """The file has more than `at_most` tasks. Nothing was imported."""


class Importing:
    """One import, in three acts: `begin`, `write` until `is_written`, `publish`."""

    def __init__(
        self,
        project: Project,
        file: BinaryIO,
        *,
        actor: User,
        users: Any = None,
        on_duplicate: str = SKIP,
        progress: Progress = no_progress,
    ):
        if not may(actor, "import", project):
            raise Refused(
                "permission_denied", "Only a manager of the project may import into it.", status=403
            )
        if on_duplicate not in ON_DUPLICATE:
            detail = f"on_duplicate is one of {', '.join(ON_DUPLICATE)}."
            raise Refused("invalid_on_duplicate", detail, field="on_duplicate")
        self.project, self.actor, self.users = project, actor, users
        self.on_duplicate, self.progress = on_duplicate, progress
        self.source = TaskFile(file)

    def survey(self, at_most: int | None = None) -> Survey:
        """Check the whole file. Raises Refused, naming the task and the field, or TooLong."""
        found = _survey(self.source, self.project, at_most, self.progress)
        self.progress(0, found.tasks, "The file is valid")
        return found

    def begin(self, record: Import, survey: Survey) -> None:
        """Reserve the numbers of the tasks, and create the placeholders. To be committed by itself."""
        record.project = Project.objects.get(pk=record.project_id)
        # The survey has read the file to its end, so its users are known.
        users = self.users or self.source.users
        people = People(record.project, UsersMap(users))
        people.resolve(survey.people)
        # Last, because it takes the lock on adding tasks.
        numbers = reserve_inner_ids(record, survey.tasks)
        state = ImportState(survey.tasks, numbers.start, users, counting_settings(record.project))
        state.report.placeholders = people.created
        self.resume(record, state)

    def resume(self, record: Import, state: ImportState) -> None:
        self.record, self.state = record, state
        if counting_settings(record.project) != state.settings:
            state.settings = None
        people = People(record.project, UsersMap(state.users), staged=state.staged_people)
        self.writer = Writer(record, people, state)

    @property
    def is_written(self) -> bool:
        return self.state.written >= self.state.total

    def write(self, *, is_out_of_time: Callable[[], bool] = lambda: False) -> None:
        """Stage the tasks that are not written yet, or some of them. Nobody sees them."""
        for entries in _batches(_entries(self.source, after=self.state.written)):
            self._write(entries)
            done = self.state.written = entries[-1].number
            self.progress(done, self.state.total, f"{done:,} of {self.state.total:,} tasks written")
            if is_out_of_time():
                break
        self.writer.check(until=self.state.written)

    def _write(self, entries: list[TaskEntry]) -> None:
        for left in reversed(range(TRIES)):
            before = replace(self.state, report=copy.deepcopy(self.state.report))
            try:
                with transaction.atomic():
                    self.writer.write(entries, on_duplicate=self.on_duplicate)
                return
            except (IntegrityError, DataError) as error:
                # Somebody else has taken a unique id since we looked. The next time we see theirs.
                if not left or not isinstance(error.__cause__, errors.UniqueViolation):
                    raise self.writer.refused(error, until=entries[-1].number)
                self.state = self.writer.state = before

    def publish(self) -> None:
        """Make everything visible, within one transaction."""
        self.progress(self.state.written, self.state.total, "All tasks are written and become visible now")
        with transaction.atomic():
            publish(
                self.record,
                self.state,
                lambda: _batches(_entries(self.source)),
                self.writer,
                on_duplicate=self.on_duplicate,
            )


def import_file(
    project: Project,
    file: BinaryIO,
    *,
    name: str = "",
    at_most: int | None = None,
    **options: Any,
) -> Outcome:
    """Import the tasks of a JSON file into `project`, with their annotations, predictions and verdicts.

    `file` is seekable. `options` are those of Importing: actor, users (what authorship.UsersMap takes; else
    the file's own are used), on_duplicate, progress (counts tasks). Raises Refused, naming the task and the
    field, or TooLong; nothing is imported then.
    """
    started = time.monotonic()
    importing = Importing(project, file, **options)
    survey = importing.survey(at_most)
    record = Import.objects.create(project=project, created_by=importing.actor, name=name[:255])
    with _discarded_on_error(record, importing):
        with transaction.atomic():
            importing.begin(record, survey)
        with transaction.atomic():
            importing.write()
            importing.publish()
    return Outcome(record, importing.state.report, time.monotonic() - started)


@contextmanager
def _discarded_on_error(record: Import, importing: Importing) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if not connection.needs_rollback:
            discard_staged(importing.state.report.placeholders if hasattr(importing, "state") else ())
            record.delete()
        raise


def discard(record: Import, placeholders: list[str]) -> bool:
    """Delete what an import that was stopped has written. Whether there may be more."""
    if purge_staged(record):
        return True
    with transaction.atomic():
        discard_staged(placeholders)
        Import.objects.filter(pk=record.pk).update(reserved_until=None)
    return False


def _survey(source: TaskFile, project: Project, at_most: int | None, progress: Progress) -> Survey:
    tasks, people = 0, set()
    for entry in _entries(source):
        tasks = entry.number
        if at_most and tasks > at_most:
            raise TooLong
        if tasks % BATCH == 0:
            progress(0, None, f"Checking the file: {tasks:,} tasks read")
        people |= people_of(entry)
        if project.validate_results:
            _refuse_unknown_labels(entry, project)
    if not tasks:
        raise invalid_import("The file has no tasks.")
    return Survey(tasks, people)


def _entries(source: TaskFile, after: int = 0) -> Iterator[TaskEntry]:
    return (parse_task(number, raw) for number, raw in source.tasks() if number > after)


def _batches(entries: Iterable[TaskEntry]) -> Iterator[list[TaskEntry]]:
    unread = iter(entries)
    while batch := list(islice(unread, BATCH)):
        yield batch


def _refuse_unknown_labels(entry: TaskEntry, project: Project) -> None:
    for position, annotation in enumerate(entry.annotations):
        if found := problems(annotation.result, project.label_config):
            path = f"annotations[{position}].result"
            raise Refused("invalid_result", f"task {entry.number}: {path}: {found[0]}", field=path)
