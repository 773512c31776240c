"""Saved exports, Label Studio's snapshots: small ones are written within the request, large ones by a job."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jobs import runner
from jobs.models import Job, State
from jobs.progress import Progress
from reviews.task_table.filters import Reader
from reviews.task_table.query import parse_query
from tasks.errors import Refused
from tasks.models import Project, View
from tasks.pseudonyms import REAL_IDENTITIES, Pseudonyms, is_pseudonym, pseudonym_user
from tasks.roles import reads_pseudonyms
from tasks.totals import totals_of
from users.models import User
from users.sentences import sentence as _

from ..models import Conversion, Export, Status
from . import final_answers, packages
from .bodies import Body, person_body
from .formats import FORMATS, Columns, as_json
from .selection import ONLY, Selection, annotations_of, tasks_of
from .stream import bodies_of, snapshot, tasks_in

EXPORT = "write_export"  # a kind of job; its subject is the Export
CONVERSION = "convert_export"  # likewise, the Conversion
REQUEST_LIMIT = 1000  # tasks: up to so many, the request itself writes the file
PROGRESS_EVERY = 500  # tasks


def create(project: Project, *, actor: User, **options: Any) -> Export:
    """Save an export as of now: written when this returns if the project is small, else by a worker."""
    anonymized = reads_pseudonyms(actor, project.pk)
    with transaction.atomic():  # the export and its job: without the job nobody would ever write it
        export = Export.objects.create(project=project, created_by=actor, anonymized=anonymized, **options)
        job = runner.create(EXPORT, created_by=actor, project_id=project.pk, subject_id=export.pk)
    _run_or_enqueue(job, tasks=totals_of([project.pk])[project.pk]["tasks"])
    return export


def create_conversion(export: Export, export_type: str, *, actor: User) -> Conversion:
    """The conversion of that type: the one there is, or a new one, likewise. A failed one is repeated.

    Folders for training are always made by a worker.
    """
    packages.refuse_unavailable(export_type, export.project)
    if export_type in packages.names() and not export.counters.get("task_number"):
        detail = _("This export has no tasks, so there is nothing to train on.")
        raise Refused("nothing_to_convert", detail, field="export_type")
    with transaction.atomic():
        conversion, is_new = Conversion.objects.get_or_create(export=export, export_type=export_type)
        if not is_new and conversion.status != Status.FAILED:
            return conversion
        Conversion.objects.filter(pk=conversion.pk).update(status=Status.CREATED)
        job = runner.create(
            CONVERSION, created_by=actor, project_id=export.project_id, subject_id=conversion.pk
        )
    if export_type in packages.names():
        runner.enqueue(job)
    else:
        _run_or_enqueue(job, tasks=export.counters.get("task_number", 0))
    return conversion


def _run_or_enqueue(job: Job, *, tasks: int) -> None:
    if tasks <= REQUEST_LIMIT:
        runner.run_now(job)
    else:
        runner.enqueue(job)


def write(job: Job, *, progress: Progress) -> dict[str, Any]:
    """Write the file of an export. Returns its counters."""
    export = Export.objects.select_related("project", "created_by").get(pk=job.subject)
    Export.objects.filter(pk=export.pk).update(status=Status.IN_PROGRESS)
    counted: Counter[str] = Counter(task_number=0, annotation_number=0)
    with snapshot() as instant:
        selection = _selection(export)
        total = tasks_in(export.project, selection).count()
        left_out = final_answers.left_out(export.project, selection)
        bodies = _shaped(bodies_of(export.project, selection), export.serialization_options)
        counting = _counted(bodies, counted, partial(progress, total=total))
        md5 = _to_file(path_of(export, "JSON"), as_json(counting, Columns()))
    counters = dict(counted) | ({} if left_out is None else {"left_out": left_out})
    Export.objects.filter(pk=export.pk).update(counters=counters, snapshot_at=instant, md5=md5)
    return counters


def set_export_status(job: Job) -> None:
    ended = Export.objects.filter(pk=job.subject)
    ended.update(status=_status(job), finished_at=timezone.now())


def set_conversion_status(job: Job) -> None:
    Conversion.objects.filter(pk=job.subject).update(status=_status(job))


def _status(job: Job) -> Status:
    return Status.COMPLETED if job.state == State.SUCCEEDED else Status.FAILED


def _selection(export: Export) -> Selection:
    options = dict(export.task_filter_options)
    answers = options.get(final_answers.FINAL) == ONLY and options.pop(final_answers.FINAL)
    pseudonyms = Pseudonyms(export.project_id, export.created_by_id)
    selection = Selection(
        without_annotations=True,
        tasks=tasks_of(options) & _of_view(export),
        annotations=annotations_of(export.annotation_filter_options),
        identities=pseudonyms if export.anonymized else REAL_IDENTITIES,
    )
    return final_answers.only_answers(selection) if answers else selection


def _of_view(export: Export) -> Q:
    """What that tab of the data manager shows the creator of the export; nothing, if the tab was deleted."""
    named = export.task_filter_options.get("view")
    if not named:
        return Q()
    view = View.objects.filter(pk=named, project=export.project).first()
    reader = Reader(export.created_by, export.project, sends_real_ids=True)
    return parse_query(view.data, reader).where if view else Q(pk__in=[])


def _counted(bodies: Iterable[Body], counted: Counter[str], progress: Progress) -> Iterator[Body]:
    for body in bodies:
        counted["task_number"] += 1
        counted["annotation_number"] += len(body["annotations"])
        if counted["task_number"] % PROGRESS_EVERY == 0:
            tasks = counted["task_number"]
            progress(tasks, sentence=f"{tasks:,} tasks written")
        yield body


def _shaped(bodies: Iterable[Body], options: dict[str, Any]) -> Iterator[Body]:
    """With predictions as ids and authors as objects, if the options ask for it."""
    ids_only = options.get("predictions", {}).get("only_id")
    expanded = options.get("annotations__completed_by", {}).get("only_id") is False
    people: dict[int, Body] = {}
    for body in bodies:
        if ids_only:
            body["predictions"] = [prediction["id"] for prediction in body["predictions"]]
        for annotation in body["annotations"] if expanded else ():
            annotation["completed_by"] = _person(annotation["completed_by"], people)
        yield body


def _person(pk: int, known: dict[int, Body]) -> Body:
    if pk not in known:
        known[pk] = person_body(pseudonym_user(pk) if is_pseudonym(pk) else User.objects.get(pk=pk))
    return known[pk]


def convert(job: Job, *, progress: Progress) -> dict[str, Any]:
    """Write another format from the JSON file, so that both have the state of the same instant.

    Returns what the format has no place for.
    """
    conversion = Conversion.objects.select_related("export__project").get(pk=job.subject)
    Conversion.objects.filter(pk=conversion.pk).update(status=Status.IN_PROGRESS)
    export, export_type = conversion.export, conversion.export_type
    source, total = path_of(export, "JSON"), export.counters["task_number"]
    if export_type in packages.names():
        read, to = partial(_read, source), path_of(export, export_type)
        left_out = packages.make(export_type, export.project, read, to, partial(progress, total=total))
        return {"left_out": dict(left_out)}
    format, columns = FORMATS[export_type], Columns(every_task=True)
    # A table's header comes before its rows, so the file is read twice.
    for body in _read(source) if format.rows_only else ():
        columns.add(body)
    counting = _counted(_read(source), Counter(), partial(progress, total=total))
    _to_file(path_of(export, export_type), format.write(counting, columns))
    return {}


def _read(path: Path) -> Iterator[Body]:
    with path.open("rb") as file:
        for line in file:
            text = line.strip(b"[],\n")
            if text:
                yield json.loads(text)


def path_of(export: Export, export_type: str) -> Path:
    name = f"{export.pk}.{export_type.lower()}"
    return Path(settings.MEDIA_ROOT) / "exports" / str(export.project_id) / name


def file_type(export_type: str) -> tuple[str, str]:
    """The extension and the media type of its file."""
    if export_type in packages.names():
        return "zip", "application/zip"
    return FORMATS[export_type].extension, FORMATS[export_type].content_type


def _to_file(path: Path, chunks: Iterable[bytes]) -> str:
    """The MD5 of what was written. Whoever opens `path` sees the whole file or the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic only within one file system.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    digest = hashlib.md5(usedforsecurity=False)  # Label Studio's field, to compare downloads
    try:
        with draft.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest()


def delete(export: Export) -> None:
    """Its jobs are cancelled, its files are removed."""
    conversions = export.converted_formats.values_list("pk", flat=True)
    for job in Job.objects.about(EXPORT, export.pk) | Job.objects.about(CONVERSION, *conversions):
        runner.cancel(job)
    for export_type in (*FORMATS, *packages.names()):
        path_of(export, export_type).unlink(missing_ok=True)
    export.delete()
