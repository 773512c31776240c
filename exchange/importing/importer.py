"""Imports a file of tasks: reads it once to check everything, and again to write it, all or nothing.

What is written is staged, hidden as deleted tasks are, until the last act makes all of it visible at once
(publishing.py). So nothing that others wait for is locked while it is written: the numbers of the tasks and
the placeholders are committed before, and the lock on adding tasks is held for the end of that last act only.
See docs/decisions/022.
"""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

from django.db import DataError, IntegrityError, connection, transaction
from psycopg import errors

from jobs.progress import Progress, no_progress
from reviews.purging import purge_staged
from tasks import labelconfig, result_problems
from tasks.errors import Refused
from tasks.models import Import, Project
from tasks.reading import described
from tasks.roles import may
from tasks.services.tasks import reserve_inner_ids
from users.models import User
from users.sentences import sentence as _

from .authorship import People, UsersMap, discard_staged, people_of
from .duplicates import DuplicateCheck
from .entries import TaskEntry, parse_task
from .found import Item, beside_tasks
from .keys import key_of
from .options import ERROR, ImportOptions
from .preannotations import preannotate
from .problems import Problems
from .publishing import publish
from .rehearsal import Rehearsal
from .repeats import NO_KEY, RequestKey
from .report import Report
from .sources import SourceFile, TaskSource
from .state import ImportState, counting_settings
from .writer import Writer

BATCH = 1000  # tasks
DEFAULTS = ImportOptions()
BY_ADDRESS = frozenset({"Image", "Audio", "AudioPlus", "Video", "Pdf"})  # tags that load a file
TRIES = 3  # of a batch whose unique ids somebody else takes at the same moment


@dataclass(frozen=True)
class Outcome:
    record: Import
    report: Report
    seconds: float


@dataclass(frozen=True)
class Survey:
    """What the first reading of the files found: the number of tasks, and everybody they name."""

    tasks: int
    people: set[str]
    problems: Problems


class TooLong(Exception):
    """There are more than `at_most` tasks. Nothing was imported."""


class Importing:
    """One import, in three acts: `begin`, `write` until `is_written`, `publish`."""

    def __init__(
        self,
        project: Project,
        files: Sequence[SourceFile],
        *,
        actor: User,
        users: Any = None,
        options: ImportOptions = DEFAULTS,
        progress: Progress = no_progress,
    ):
        if not may(actor, "import", project):
            raise Refused(
                "permission_denied", _("Only a manager of the project may import into it."), status=403
            )
        self.project, self.actor, self.users = project, actor, users
        self.options, self.progress = options, progress
        self._unseen_fields: dict[str, None] = {}  # of preannotated_from_fields
        self.source = TaskSource(files, encoding=options.encoding, text_key=partial(key_of, project))

    def survey(self, at_most: int | None = None, *, see: Callable[[TaskEntry], None] | None = None) -> Survey:
        """Check all files. Raises Refused with everything that is wrong, by task and path, or TooLong.

        `see` is called with each task.
        """
        people: set[str] = set()
        problems = Problems(strict=self.options.strict)
        self._unseen_fields = dict.fromkeys(self.options.preannotated_from_fields)
        number = 0
        refuses = see is None and self.options.on_duplicate == ERROR
        check = DuplicateCheck(self.project, self.options.match_on, problems) if refuses else None
        try:
            for entry in self._entries(problems):
                number = entry.number
                if at_most and number > at_most:
                    raise TooLong
                if number % BATCH == 0:
                    self.progress(0, None, f"Checking the file: {number:,} tasks read")
                people |= people_of(entry)
                if see:
                    see(entry)
                if check:
                    check.add(entry)
        except Refused as fatal:
            problems.refuse_any(fatal)
        if check:
            check.finish()
        for name in self._unseen_fields:
            detail = _("no task has %(name)s in its data", name=described(name))
            problems.warn(beside_tasks(), "preannotated_from_fields", detail)
        problems.refuse_any()
        if not number:
            raise self.source.without_tasks()
        self.progress(0, number, "The file is valid")
        return Survey(number, people, problems)

    def rehearse(self, at_most: int | None = None) -> dict[str, Any]:
        """What an import would report now. Nothing is written."""
        rehearsal = Rehearsal(self.project, self.options)
        survey = self.survey(at_most, see=rehearsal.add)
        people = People(self.project, UsersMap(self.users or self.source.users))
        if rehearsal.finish():
            for entries in self._batches():
                rehearsal.compare(entries, people, survey.problems)
            survey.problems.refuse_any()
        self._note_source(rehearsal.report, survey)
        return rehearsal.result(people, survey.people)

    def _note_source(self, report: Report, survey: Survey) -> None:
        report.warnings = survey.problems.warnings_as_dict()
        report.blank_lines, report.formats = self.source.blank_lines, list(self.source.formats)
        report.files_left_out = asdict(self.source.left_out)

    def _entries(self, problems: Problems, *, after: int = 0) -> Iterator[TaskEntry]:
        for item in self.source.items(problems):
            if item.number > after and (entry := parse_task(item, problems)):
                if fields := self.options.preannotated_from_fields:
                    config = labelconfig.parse(self.project.label_config)
                    for name in self._unseen_fields.keys() & entry.data.keys():
                        del self._unseen_fields[name]
                    preannotate(entry, fields, config, item, problems)
                check_against(self.project, entry, item, problems)
                yield entry

    def _batches(self, *, after: int = 0) -> Iterator[list[TaskEntry]]:
        """The files have been checked: what is wrong now has changed since."""
        problems = Problems()
        unread = iter(self._entries(problems, after=after))
        while batch := list(islice(unread, BATCH)):
            problems.refuse_any()
            yield batch

    def begin(self, record: Import, survey: Survey) -> None:
        """Reserve the numbers of the tasks, and create the placeholders. To be committed by itself."""
        record.project = Project.objects.get(pk=record.project_id)
        # The survey has read the files to their end, so their users are known.
        users = self.users or self.source.users
        people = People(record.project, UsersMap(users))
        people.resolve(survey.people)
        # Last, because it takes the lock on adding tasks.
        numbers = reserve_inner_ids(record, survey.tasks)
        state = ImportState(survey.tasks, numbers.start, users, counting_settings(record.project))
        state.report.placeholders = people.created
        self._note_source(state.report, survey)
        self.resume(record, state)

    def resume(self, record: Import, state: ImportState) -> None:
        self.record, self.state = record, state
        if counting_settings(record.project) != state.settings:
            state.settings = None
        people = People(record.project, UsersMap(state.users), staged=state.staged_people)
        self.writer = Writer(record, people, state, self.options)

    @property
    def is_written(self) -> bool:
        return self.state.written >= self.state.total

    def write(self, *, is_out_of_time: Callable[[], bool] = lambda: False) -> None:
        """Stage the tasks that are not written yet, or some of them. Nobody sees them."""
        for entries in self._batches(after=self.state.written):
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
                    self.writer.write(entries)
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
            publish(self.record, self.state, self._batches, self.writer)


def import_files(
    project: Project,
    files: Sequence[SourceFile],
    *,
    at_most: int | None = None,
    key: RequestKey = NO_KEY,
    **others: Any,
) -> Outcome:
    """Import the tasks of all files into `project`, with their annotations, predictions and verdicts.

    `others` are what Importing takes: actor, users (what authorship.UsersMap takes; else the files' own are
    used), options, progress (counts tasks). Raises Refused with everything that is wrong, by task and path,
    or TooLong; nothing is imported then, and the same request may be sent again.
    """
    started = time.monotonic()
    importing = Importing(project, files, **others)
    survey = importing.survey(at_most)
    record = key.record(project, importing.actor, name_of(files))
    with _discarded_on_error(record, importing):
        with transaction.atomic():
            importing.begin(record, survey)
        with transaction.atomic():
            importing.write()
            importing.publish()
    return Outcome(record, importing.state.report, time.monotonic() - started)


def import_file(project: Project, file: BinaryIO, *, actor: User, name: str = "", **others: Any) -> Outcome:
    """One file. `others` are those of ImportOptions and of `import_files`."""
    asked = {key: others.pop(key) for key in ImportOptions.__dataclass_fields__ if key in others}
    return import_files(
        project, [SourceFile(file, name)], actor=actor, options=ImportOptions(**asked), **others
    )


def name_of(files: Sequence[SourceFile]) -> str:
    return ", ".join(file.name for file in files)[:255]


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


def check_against(project: Project, entry: TaskEntry, item: Item, problems: Problems) -> None:
    """What the label configuration says about a task: it shows keys of the data, and knows labels."""
    config = labelconfig.parse(project.label_config)
    for key in config.missing_in(entry.data):
        problems.warn(item, f"data.{key}", _("is missing: the label configuration shows it"))
    if (overlap := _overlap_of(item.raw)) not in (None, project.maximum_annotations):
        problems.warn(
            item,
            "overlap",
            _(
                "%(overlap)s is not imported: each task of the project gets %(number)s annotations",
                overlap=described(overlap),
                number=project.maximum_annotations,
            ),
        )
    for one in config.objects.values():
        if one["type"] in BY_ADDRESS and _is_no_address(value := entry.data.get(one["value"])):
            problems.warn(
                item,
                f"data.{one['value']}",
                _("is no address of a file to show: %(described)s", described=described(value)),
            )
    if not (project.validate_results or problems.strict):
        return
    for position, annotation in enumerate(entry.annotations):
        if found := result_problems.located_problems(annotation.result, project.label_config):
            tell = problems.add if project.validate_results else problems.warn
            (below, problem), *_more = found
            path = f"annotations[{position}].result{below}"
            tell(item, path, problem.removesuffix("."), code="invalid_result")


def _overlap_of(raw: dict[str, Any]) -> Any:
    """Of the short form, `overlap` is data."""
    return raw.get("overlap") if "data" in raw else None


def _is_no_address(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "/" not in value and not value.startswith("data:")
