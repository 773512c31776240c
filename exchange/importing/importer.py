"""The one door for files of tasks: read once to check everything, read again to write it, all or nothing."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.models import Max

from tasks import events
from tasks.errors import Refused
from tasks.labelconfig import problems
from tasks.models import History, Import, Project
from tasks.roles import may

from .authorship import People, UsersMap, people_of
from .duplicates import ON_DUPLICATE, SKIP
from .entries import Entry, entry
from .json_stream import Source, invalid
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
    """What one reading of the file found: how many tasks, and everybody it names."""

    tasks: int
    people: set[str]


class TooLong(Exception):
    """More tasks than were asked for at most. Nothing was imported."""


def import_file(
    project: Project,
    file: BinaryIO,
    *,
    actor: Any,
    users: Any = None,
    on_duplicate: str = SKIP,
    name: str = "",
    record: Import | None = None,
    at_most: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Bring the tasks of a JSON file into `project`, with their annotations, predictions and verdicts.

    `file` is seekable, `users` as people.UsersMap takes it (else what the file brings), `progress` hears tasks done and in
    all, `record` is the row that stands for this import, where there is one already. Raises Refused, naming the task and
    the field, or TooLong, and nothing is imported then.
    """
    started = time.monotonic()
    if not may(actor, "import", project):
        raise Refused("permission_denied", "Only a manager of the project may import into it.", status=403)
    if on_duplicate not in ON_DUPLICATE:
        raise Refused(
            "invalid_on_duplicate", f"on_duplicate is one of {', '.join(ON_DUPLICATE)}.", field="on_duplicate"
        )
    source = Source(file)
    survey = _survey(source, project, at_most)
    progress(0, survey.tasks)
    with transaction.atomic():
        project = _held(project)
        record = record or Import.objects.create(project=project, created_by=actor, name=name[:255])
        people = People(project, UsersMap(users or source.users))
        people.know(survey.people)
        report = Report(placeholders=people.placeholders)
        writer = Writer(record, people, report, on_duplicate=on_duplicate)
        for entries in _batches(_entries(source)):
            writer.write(entries)
            progress(entries[-1].number, survey.tasks)
        writer.finish(survey.tasks)
        record.report = report.as_dict() | {
            "last_history": History.objects.aggregate(last=Max("id"))["last"] or 0
        }
        record.save(update_fields=["report"])
        if writer.created:
            events.tell(events.TASKS_CREATED, project, actor=actor, tasks=tuple(writer.created))
    return Outcome(record, report, time.monotonic() - started)


def _held(project: Project) -> Project:
    """The project as it is now; its settings, by which new tasks are counted, wait until we are through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tasks_project WHERE id = %s FOR SHARE", [project.pk])
    return Project.objects.get(pk=project.pk)


def _survey(source: Source, project: Project, at_most: int | None) -> Survey:
    tasks, people = 0, set()
    for found in _entries(source):
        tasks = found.number
        if at_most and tasks > at_most:
            raise TooLong
        people |= people_of(found)
        if project.validate_results:
            _refuse_unknown_labels(found, project)
    if not tasks:
        raise invalid("There is no task in the file.")
    return Survey(tasks, people)


def _entries(source: Source) -> Iterator[Entry]:
    return (entry(number, raw) for number, raw in source.tasks())


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    unread = iter(entries)
    while batch := list(islice(unread, BATCH)):
        yield batch


def _refuse_unknown_labels(found: Entry, project: Project) -> None:
    for position, answer in enumerate(found.answers):
        if wrong := problems(answer.result, project.label_config):
            path = f"annotations[{position}].result"
            raise Refused("invalid_result", f"task {found.number}: {path}: {wrong[0]}", field=path)
