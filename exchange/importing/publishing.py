"""The last act of an import: what it has staged becomes visible, all at once.

Rows that nobody sees cannot be locked by anybody else. So everything is done before the lock on adding tasks
to the project is taken, which is held until the commit, a moment later. Tasks that `on_duplicate=update`
changes are seen by all: they stay locked until then.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import ceil

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from reviews import counters as review_counters
from reviews import recalculation, sampling
from reviews.models import QueueEntry, Review
from reviews.purging import purge_tasks
from reviews.queue import entries as queue_entries
from tasks import counters, events, totals
from tasks.locks import Lock, hold
from tasks.models import Annotation, History, Import, Prediction, Project, Task
from tasks.services.tasks import lock_project_tasks, lock_to_update
from tasks.sql import analyze
from users.models import User

from .duplicates import EQUAL_DATA, Known, refuse_known
from .entries import TaskEntry
from .options import BY_DATA, ERROR, UPDATE, ImportOptions
from .problems import Problems
from .state import COUNTING_SETTINGS, ImportState, counting_settings
from .uploaded import lock_unused
from .writer import Writer

TRIES = 3
CHUNK = 5_000  # tasks in memory
# Tasks of one import that change what plans of statements are good for. Until autovacuum comes, a minute or
# more later, connections would keep those they made when the tables were small.
ANALYZE_FROM = 1_000

# Staged tasks whose unique id or external id somebody else has taken since.
_TAKEN = """
    SELECT s.id, t.id, 'unique_id' FROM tasks_task s JOIN tasks_task t
        ON t.project_id = s.project_id AND t.unique_id = s.unique_id AND t.deleted_at IS NULL
    WHERE s.imported_by_id = %(record)s AND s.is_staged
    UNION SELECT s.id, t.id, 'external_id' FROM tasks_task s JOIN tasks_task t
        ON t.project_id = s.project_id AND t.external_id = s.external_id AND t.deleted_at IS NULL
    WHERE s.imported_by_id = %(record)s AND s.is_staged
"""
_EQUAL = f"""
    UNION SELECT s.id, t.id, 'data' FROM tasks_task s JOIN tasks_task t
        ON t.project_id = s.project_id AND t.deleted_at IS NULL AND {EQUAL_DATA}
    WHERE s.imported_by_id = %(record)s AND s.is_staged
"""
# A changed `updated_at`: whoever copies the project asks for what has changed since they last did.
_SHOW = """
    UPDATE tasks_task SET is_staged = false, deleted_at = NULL, updated_at = %(now)s
    WHERE imported_by_id = %(record)s AND is_staged RETURNING id
"""

Batches = Iterable[list[TaskEntry]]


def publish(record: Import, state: ImportState, batches: Callable[[], Batches], writer: Writer) -> None:
    """Within a transaction. `batches` reads the file again, for the tasks in it that exist already."""
    if writer.options.match_on == BY_DATA:
        hold(Lock.EQUAL_DATA, record.project_id)
    staged = Task.objects.filter(imported_by=record, is_staged=True)
    lock_unused(staged.exclude(file_upload=None).values_list("file_upload", flat=True).distinct())
    ids = _show(record, state, batches, writer)
    project, actor = record.project, record.created_by
    for tasks in _chunks(project, ids):
        totals.add_new(tasks)
        counters.sync_annotators(task.pk for task in tasks)
        review_counters.add_reviewers(task.pk for task in tasks)
        events.emit(
            events.TASKS_CREATED, project, actor=actor, tasks=tuple(tasks), detail={"settled_later": True}
        )
    if state.has_parts:
        for entries in batches():
            writer.add_parts(entries)
    # Later history rows are work on these tasks (tasks.services.cleanup).
    last_history = History.objects.aggregate(last=Max("id"))["last"] or 0
    record.report, record.reserved_until = state.report.as_dict() | {"last_history": last_history}, None
    record.save(update_fields=["report", "reserved_until"])
    if len(ids) >= ANALYZE_FROM:
        transaction.on_commit(partial(analyze, Task, Annotation, History, Review, QueueEntry), robust=True)
    # At the commit these checks would take seconds, under the lock.
    writer.check(until=state.total)
    _settle(project, state, ids, actor)


def _show(record: Import, state: ImportState, batches: Callable[[], Batches], writer: Writer) -> list[int]:
    for left in reversed(range(TRIES)):
        before = copy.deepcopy(state.report)
        try:
            with transaction.atomic():
                _give_way(record, state, writer.options)
                if state.has_updates:
                    _update(record, batches, writer)
                    writer.check(until=state.total)
                with connection.cursor() as cursor:
                    cursor.execute(_SHOW, {"record": record.pk, "now": timezone.now()})
                    return sorted(row[0] for row in cursor.fetchall())
        except IntegrityError as error:
            # Somebody took a unique id since we looked. The next time we see theirs.
            if not left:
                writer.first_unchecked = 1
                raise writer.refused(error, until=state.total)
            state.report = before
    raise AssertionError


def _update(record: Import, batches: Callable[[], Batches], writer: Writer) -> None:
    lock_to_update(record.project, _known_to_all(batches(), writer))
    problems = Problems(strict=writer.options.strict)
    for entries in batches():
        writer.update_known(entries, problems)
    problems.refuse_any()
    writer.report.add_warnings(problems)


def _known_to_all(batches: Batches, writer: Writer) -> set[int]:
    return set().union(*(writer.known_here(entries).values() for entries in batches))


def _give_way(record: Import, state: ImportState, options: ImportOptions) -> None:
    """Tasks that somebody else has added meanwhile are duplicates, like those that were here before."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN + (_EQUAL if options.match_on == BY_DATA else ""), {"record": record.pk})
        taken = {staged: Known(task, key) for staged, task, key in cursor.fetchall()}
    if not taken:
        return
    if options.on_duplicate == ERROR:
        raise refuse_known(None, min(taken.values(), key=lambda known: known.task))
    purge_tasks(list(taken))
    if options.on_duplicate == UPDATE:
        state.has_updates = True
    else:
        state.report.duplicates_skipped.count += len(taken)
    _count_staged(record, state)


def _count_staged(record: Import, state: ImportState) -> None:
    staged = Q(task__imported_by=record, task__is_staged=True)
    report = state.report
    report.tasks = Task.objects.filter(imported_by=record, is_staged=True).count()
    annotations = Annotation.objects.filter(staged).aggregate(
        all=Count("pk"), standing=Count("standing_review_id")
    )
    report.annotations, report.standing = annotations["all"], annotations["standing"]
    report.predictions = Prediction.objects.filter(staged).count()
    report.reviews = Review.objects.filter(staged).count()
    gone = set(report.task_ids) - set(
        Task.objects.filter(imported_by=record, is_staged=True).values_list("pk", flat=True)
    )
    report.task_ids = [pk for pk in report.task_ids if pk not in gone]


def _chunks(project: Project, ids: list[int]) -> Iterator[list[Task]]:
    """Of equal size: the events of a small last one would be sent before those of the others."""
    number = max(1, ceil(len(ids) / CHUNK))
    size = max(1, ceil(len(ids) / number))
    for start in range(0, len(ids), size):
        tasks = list(Task.objects.filter(pk__in=ids[start : start + size]).order_by("pk"))
        for task in tasks:
            task.project = project
        yield tasks


def _settle(project: Project, state: ImportState, ids: list[int], actor: User) -> None:
    """Under the lock on adding tasks: make the sample exact, and follow settings that have changed."""
    lock_project_tasks(project)
    # Only now, because another import may show the same people.
    User.objects.filter(pk__in=state.staged_people, is_staged=True).update(is_staged=False)
    if changed := sampling.settle(project):
        queue_entries.sync(changed)
    now = Project.objects.get(pk=project.pk)
    if ids and counting_settings(now) != state.settings:
        recalculation.follow(now, COUNTING_SETTINGS, actor=actor)
