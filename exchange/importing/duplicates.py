"""Finds the tasks of a batch that the project has already: by unique id or external id, for tasks that have
neither by the unique id of an annotation, or by equal data if asked to.
"""

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from tasks.errors import Refused
from tasks.models import Annotation, Import, Project, Task
from users.sentences import sentence as _

from .entries import TaskEntry
from .options import BY_DATA, BY_ID
from .problems import Problems

UNIQUE_ID, EXTERNAL_ID, ANNOTATION, DATA = "unique_id", "external_id", "annotations[].unique_id", "data"

DUPLICATE = "duplicate_task"
BATCH = 1000

Key = tuple[str, object]  # one of the above, and its value

# Of tasks t and s. The hashes are indexed (tasks/models/task.py).
EQUAL_DATA = "jsonb_hash_extended(t.data, 0) = jsonb_hash_extended(s.data, 0) AND t.data = s.data"
_EQUAL = f"""
    SELECT s.number, t.id, t.is_staged
    FROM unnest(%(numbers)s::bigint[], %(data)s::jsonb[]) AS s(number, data)
    JOIN tasks_task t ON t.project_id = %(project)s
        AND {EQUAL_DATA}
    WHERE t.deleted_at IS NULL OR (t.is_staged AND t.imported_by_id = %(record)s)
    ORDER BY t.is_staged DESC, t.id DESC
"""


@dataclass(frozen=True)
class Known:
    """`task` is its id here, or 0 if it was earlier in the same file. `key` shows that it is the same."""

    task: int
    key: str


def known_tasks(
    project: Project,
    entries: Sequence[TaskEntry],
    *,
    match_on: str = BY_ID,
    record: Import | None = None,
    earlier: set[Key] | None = None,
) -> dict[int, Known]:
    """By number in the file. Earlier batches are what `record` has written, or `earlier`, which grows."""
    known = _by_ids(project, entries, record)
    known |= _by_annotations(
        project, [entry for entry in entries if not (_ids_of(entry) or entry.number in known)]
    )
    if match_on == BY_DATA:
        known |= _by_data(project, [entry for entry in entries if entry.number not in known], record)
    _note_repeats(entries, known, set() if earlier is None else earlier, match_on)
    return known


def _ids_of(entry: TaskEntry) -> list[Key]:
    keys: list[Key] = [(UNIQUE_ID, entry.unique_id), (EXTERNAL_ID, entry.external_id)]
    return [(name, value) for name, value in keys if value is not None]


def _by_ids(project: Project, entries: Sequence[TaskEntry], record: Import | None) -> dict[int, Known]:
    named = Q(unique_id__in=[e.unique_id for e in entries if e.unique_id]) | Q(
        external_id__in=[e.external_id for e in entries if e.external_id]
    )
    present = Q(deleted_at=None)
    if record:
        present |= Q(is_staged=True, imported_by=record)
    rows = Task.objects.filter(named, present, project=project).order_by("-is_staged")
    here: dict[Key, int] = {}
    for pk, unique_id, external_id, is_staged in rows.values_list("pk", UNIQUE_ID, EXTERNAL_ID, "is_staged"):
        here |= dict.fromkeys(((UNIQUE_ID, unique_id), (EXTERNAL_ID, external_id)), 0 if is_staged else pk)
    found = ((entry, next((key for key in _ids_of(entry) if key in here), None)) for entry in entries)
    return {entry.number: Known(here[key], key[0]) for entry, key in found if key}


def _by_annotations(project: Project, entries: Sequence[TaskEntry]) -> dict[int, Known]:
    """Exports of Label Studio have no ids of tasks that mean anything here, but unique ids of annotations."""
    wanted = {a.unique_id: e.number for e in reversed(entries) for a in e.annotations if a.unique_id}
    rows = Annotation.objects.filter(
        project=project, deleted_at=None, task__deleted_at=None, unique_id__in=wanted
    )
    return {
        wanted[unique_id]: Known(task_id, ANNOTATION)
        for unique_id, task_id in rows.order_by("-task_id").values_list("unique_id", "task_id")
    }


def _by_data(project: Project, entries: Sequence[TaskEntry], record: Import | None) -> dict[int, Known]:
    sent: dict[str, Any] = {
        "numbers": [entry.number for entry in entries],
        "data": [json.dumps(entry.data) for entry in entries],
        "project": project.pk,
        "record": record.pk if record else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EQUAL, sent)
        # The first of several tasks comes last.
        return {number: Known(0 if is_staged else pk, DATA) for number, pk, is_staged in cursor.fetchall()}


def _note_repeats(
    entries: Sequence[TaskEntry], known: dict[int, Known], earlier: set[Key], match_on: str
) -> None:
    for entry in entries:
        keys = _ids_of(entry)
        if match_on == BY_DATA:
            keys.append((DATA, json.dumps(entry.data, sort_keys=True)))
        if entry.number not in known and (repeated := next((key for key in keys if key in earlier), None)):
            known[entry.number] = Known(0, repeated[0])
        earlier.update(keys)


class DuplicateCheck:
    """Adds the tasks of a file that exist already to what is wrong with it."""

    def __init__(self, project: Project, match_on: str, problems: Problems):
        self.project, self.match_on, self.problems = project, match_on, problems
        self._batch: list[TaskEntry] = []
        self._earlier: set[Key] = set()

    def add(self, entry: TaskEntry) -> None:
        self._batch.append(entry)
        if len(self._batch) == BATCH:
            self.finish()

    def finish(self) -> None:
        known = known_tasks(self.project, self._batch, match_on=self.match_on, earlier=self._earlier)
        for entry in self._batch:
            if found := known.get(entry.number):
                exists = _("it exists already, %(where)s", where=_where(found))
                self.problems.add(entry.item, found.key, exists, code=DUPLICATE, field=found.key)
        self._batch = []


def _where(known: Known) -> str:
    return _("as task %(task)s", task=known.task) if known.task else _("earlier in the file")


def refuse_known(number: int | None, known: Known) -> Refused:
    """Of a task that came while the import was written."""
    where = _where(known)
    which = _("a task") if number is None else _("task %(number)s", number=number)
    detail = _("%(which)s: %(key)s: it exists already, %(where)s.", which=which, key=known.key, where=where)
    return Refused(DUPLICATE, detail, field=known.key)


def taken_unique_ids(project: Project, wanted: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Those of `wanted` that annotations of the project use → the task of the annotation."""
    return dict(
        Annotation.objects.filter(project=project, deleted_at=None, unique_id__in=wanted).values_list(
            "unique_id", "task_id"
        )
    )
