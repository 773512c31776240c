"""Imports a file of tasks: reads it once to check everything, and again to write it, all or nothing."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.models import Max

from jobs.progress import Progress, no_progress
from tasks import events
from tasks.errors import Refused
from tasks.labelconfig import problems
from tasks.models import History, Import, Project
from tasks.roles import may
from users.models import User

from .authorship import People, UsersMap, people_of
from .duplicates import ON_DUPLICATE, SKIP
from .entries import TaskEntry, parse_task
from .json_stream import TaskFile, invalid_import
from .report import Report
from .writer import Writer

BATCH = 1000  # tasks


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


def import_file(
    project: Project,
    file: BinaryIO,
    *,
    actor: User,
    users: Any = None,
    on_duplicate: str = SKIP,
    name: str = "",
    record: Import | None = None,
    at_most: int | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Import the tasks of a JSON file into `project`, with their annotations, predictions and verdicts.

    `file` is seekable. `users` is what authorship.UsersMap takes; without it, the file's own are used.
    `record` is the Import row if there is one already. `progress` counts tasks. Raises Refused, naming the
    task and the field, or TooLong; nothing is imported then.
    """
    started = time.monotonic()
    if not may(actor, "import", project):
        raise Refused("permission_denied", "Only a manager of the project may import into it.", status=403)
    if on_duplicate not in ON_DUPLICATE:
        detail = f"on_duplicate is one of {', '.join(ON_DUPLICATE)}."
        raise Refused("invalid_on_duplicate", detail, field="on_duplicate")
    source = TaskFile(file)
    survey = _survey(source, project, at_most, progress)
    progress(0, survey.tasks, "The file is valid")
    with transaction.atomic():
        project = _locked(project)
        record = record or Import.objects.create(project=project, created_by=actor, name=name[:255])
        # The survey has read the file to its end, so its users are known.
        people = People(project, UsersMap(users or source.users))
        people.resolve(survey.people)
        report = Report(placeholders=people.placeholders)
        writer = Writer(record, people, report, on_duplicate=on_duplicate)
        for entries in _batches(_entries(source)):
            writer.write(entries)
            done = entries[-1].number
            progress(done, survey.tasks, f"{done:,} of {survey.tasks:,} tasks written")
        writer.finish(survey.tasks)
        # Later history rows are work on these tasks (tasks.services.cleanup).
        last_history = History.objects.aggregate(last=Max("id"))["last"] or 0
        record.report = report.as_dict() | {"last_history": last_history}
        record.save(update_fields=["report"])
        if writer.created:
            events.emit(events.TASKS_CREATED, project, actor=actor, tasks=tuple(writer.created))
    return Outcome(record, report, time.monotonic() - started)


def _locked(project: Project) -> Project:
    """The project now. Its settings, by which new tasks are counted, cannot change before we commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tasks_project WHERE id = %s FOR SHARE", [project.pk])
    return Project.objects.get(pk=project.pk)


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


def _entries(source: TaskFile) -> Iterator[TaskEntry]:
    return (parse_task(number, raw) for number, raw in source.tasks())


def _batches(entries: Iterable[TaskEntry]) -> Iterator[list[TaskEntry]]:
    unread = iter(entries)
    while batch := list(islice(unread, BATCH)):
        yield batch


def _refuse_unknown_labels(entry: TaskEntry, project: Project) -> None:
    for position, annotation in enumerate(entry.annotations):
        if found := problems(annotation.result, project.label_config):
            path = f"annotations[{position}].result"
            raise Refused("invalid_result", f"task {entry.number}: {path}: {found[0]}", field=path)
