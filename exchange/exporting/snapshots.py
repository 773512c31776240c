"""Exports written to files: small ones while the caller waits, large ones by a worker."""

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from reviews.task_table.filters import Reader
from reviews.task_table.query import parse_query
from tasks.models import View
from tasks.pseudonyms import REAL_IDENTITIES, Pseudonyms, is_pseudonym, pseudonym_user
from tasks.totals import totals_of
from users.models import User

from ..models import Conversion, Export, Status
from . import final_answers
from .bodies import Body, person_body
from .formats import FORMATS, Columns, as_json
from .selection import ONLY, Selection, annotations_of, tasks_of
from .stream import bodies_of

log = logging.getLogger(__name__)
AT_ONCE = 1000  # tasks: up to so many, the request itself writes the file
# A worker that died takes its message with it after this; then whoever asks for the state sends another one.
LOST_AFTER = timedelta(minutes=2)
LOCK = 0x5EED


def start(export: Export) -> None:
    """Write it now, or have it written."""
    if totals_of([export.project_id])[export.project_id]["tasks"] <= AT_ONCE:
        write(export.pk)
    else:
        send("exchange.jobs.write_export", export.pk)


def start_conversion(conversion: Conversion) -> None:
    if conversion.export.counters.get("task_number", 0) <= AT_ONCE:
        convert(conversion.pk)
    else:
        send("exchange.jobs.convert_export", conversion.pk)


def revive(export: Export) -> None:
    """Ask for a worker again, where the first one was lost."""
    old = timezone.now() - LOST_AFTER
    unfinished = (Status.CREATED, Status.IN_PROGRESS)
    if export.status in unfinished and export.created_at < old:
        send("exchange.jobs.write_export", export.pk)
    for conversion in export.converted_formats.all():
        if conversion.status in unfinished and conversion.created_at < old:
            send("exchange.jobs.convert_export", conversion.pk)


def send(job: str, pk: int) -> None:
    """Nothing is lost when the broker is away: the row says created, and revive asks again."""
    try:
        current_app.send_task(job, (pk,), retry=False)
    except Exception as error:
        log.warning("no worker could be asked for %s %s: %s", job, pk, error)


def write(export_id: int) -> None:
    """Write the file of an export. A second worker that gets the same message leaves it to the first."""
    with _alone(export_id) as mine:
        export = Export.objects.select_related("project", "created_by").get(pk=export_id)
        if not mine or export.status == Status.COMPLETED:
            return
        Export.objects.filter(pk=export_id).update(status=Status.IN_PROGRESS)
        try:
            _write(export)
        except Exception:
            Export.objects.filter(pk=export_id).update(status=Status.FAILED, finished_at=timezone.now())
            log.exception("export %s failed", export_id)


def _write(export: Export) -> None:
    counted: Counter[str] = Counter(task_number=0, annotation_number=0)
    with transaction.atomic():
        selection = _selection(export)
        moment, bodies = bodies_of(export.project, selection)
        left_out = final_answers.left_out(export.project, selection)
        shaped = _counted(_shaped(bodies, export.serialization_options), counted)
        md5 = _to_file(path_of(export, "JSON"), as_json(shaped, Columns()))
    done = {"status": Status.COMPLETED, "finished_at": timezone.now(), "snapshot_at": moment, "md5": md5}
    counters = dict(counted) | ({} if left_out is None else {"left_out": left_out})
    Export.objects.filter(pk=export.pk).update(counters=counters, **done)


def _selection(export: Export) -> Selection:
    options = dict(export.task_filter_options)
    answers = options.get(final_answers.FINAL) == ONLY and options.pop(final_answers.FINAL)
    selection = Selection(
        without_annotations=True,
        tasks=tasks_of(options) & _of_view(export),
        annotations=annotations_of(export.annotation_filter_options),
        identities=Pseudonyms(export.project_id, export.created_by_id)
        if export.anonymized
        else REAL_IDENTITIES,
    )
    return final_answers.narrowed(selection) if answers else selection


def _of_view(export: Export) -> Q:
    """What the named tab of the data manager shows its maker; nothing, once it is deleted."""
    named = export.task_filter_options.get("view")
    if not named:
        return Q()
    view = View.objects.filter(pk=named, project=export.project).first()
    reader = Reader(export.created_by, export.project, sends_real_ids=True)
    return parse_query(view.data, reader).where if view else Q(pk__in=[])


def _counted(bodies: Iterable[Body], counted: Counter[str]) -> Iterator[Body]:
    for body in bodies:
        counted["task_number"] += 1
        counted["annotation_number"] += len(body["annotations"])
        yield body


def _shaped(bodies: Iterable[Body], options: dict[str, Any]) -> Iterator[Body]:
    """Predictions as ids, authors as objects: where the options say so."""
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


def convert(conversion_id: int) -> None:
    """Write another format from the file itself, so that both are of one moment."""
    conversion = Conversion.objects.select_related("export").get(pk=conversion_id)
    export, format = conversion.export, FORMATS[conversion.export_type]
    columns, source = Columns(), path_of(export, "JSON")
    try:
        for body in _read(source) if format.is_table else ():
            columns.meet(body)
        _to_file(path_of(export, conversion.export_type), format.write(_read(source), columns))
    except Exception:
        log.exception("conversion %s failed", conversion_id)
        Conversion.objects.filter(pk=conversion_id).update(status=Status.FAILED)
    else:
        Conversion.objects.filter(pk=conversion_id).update(status=Status.COMPLETED)


def _read(path: Path) -> Iterator[Body]:
    with path.open("rb") as file:
        for line in file:
            text = line.strip(b"[],\n")
            if text:
                yield json.loads(text)


def path_of(export: Export, export_type: str) -> Path:
    name = f"{export.pk}.{export_type.lower()}"
    return Path(settings.MEDIA_ROOT) / "exports" / str(export.project_id) / name


def _to_file(path: Path, chunks: Iterable[bytes]) -> str:
    """The MD5 of what was written. Whoever reads the path sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    digest = hashlib.md5(usedforsecurity=False)
    with draft.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    draft.replace(path)
    return digest.hexdigest()


def delete(export: Export) -> None:
    for export_type in FORMATS:
        path_of(export, export_type).unlink(missing_ok=True)
    export.delete()


class _alone:
    """Whether no other worker writes this export now. The lock ends with the connection, so no dead worker holds it."""

    def __init__(self, export_id: int) -> None:
        self.key = [LOCK, export_id % 2**31]

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", self.key)
            self.mine = cursor.fetchone()[0]
        return self.mine

    def __exit__(self, *_: Any) -> None:
        if self.mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", self.key)
