"""Imports a file of items into a campaign: what is good is created, what is not is reported by line number.

Importing the same file again changes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from jobs.progress import Progress, no_progress
from tasks.errors import Refused
from tasks.models import Annotation
from tasks.sql import copy_rows, next_ids

from .. import counts, slots
from ..models import Campaign, Item, Slot, Submission
from .lines import BadLine, Line, LineError, content_of, read_lines

BATCH = 1000
MAX_ERRORS = 1000  # listed; all are counted


@dataclass
class Report:
    """`changed`: the line differs from an item that nobody has reviewed, which now has the new line.
    `kept`: it differs, but the item has reviews, so it stays as it was."""

    created: int = 0
    unchanged: int = 0
    changed: int = 0
    kept: list[str] = field(default_factory=list)
    bad_lines: int = 0
    errors: list[LineError] = field(default_factory=list)

    def add_error(self, error: LineError) -> None:
        self.bad_lines += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)

    def as_dict(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "unchanged": self.unchanged,
            "changed": self.changed,
            "kept": self.kept[:MAX_ERRORS],
            "bad_lines": self.bad_lines,
            "errors": [{"line": error.number, "reason": error.reason} for error in self.errors],
        }


def import_items(
    campaign: Campaign, file: BinaryIO, *, strict: bool = False, progress: Progress = no_progress
) -> Report:
    """`file` is JSON lines, in bytes, seekable. `strict`: one bad line refuses the whole file (Refused)."""
    keys = [question["key"] for question in campaign.rubric["questions"]]
    if strict:
        refuse_bad_lines(file, keys)
    report = Report()
    with transaction.atomic():
        # No two imports at once, and no change of the number of reviews meanwhile.
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        position = (campaign.items.aggregate(last=Max("position"))["last"] or 0) + 1
        read = 0
        for batch in _batches(read_lines(file, keys)):
            for error in batch:
                if isinstance(error, LineError):
                    report.add_error(error)
            lines = [line for line in batch if isinstance(line, Line)]
            position += _write(campaign, lines, position, report)
            _add_origins(campaign, lines, keys)
            read += len(batch)
            progress(read, None, f"{report.created:,} items created, {report.bad_lines:,} bad lines")
        campaign.save(update_fields=["media_origins"])
    return report


def refuse_bad_lines(file: BinaryIO, keys: Iterable[str]) -> None:
    bad = [line for line in read_lines(file, keys) if isinstance(line, LineError)]
    file.seek(0)
    if bad:
        first = "; ".join(f"line {error.number}: {error.reason}" for error in bad[:5])
        raise Refused(
            "bad_lines",
            f"{len(bad)} bad lines, so nothing was imported. {first}",
            field="file",
            extra={"body": {"errors": [{"line": e.number, "reason": e.reason} for e in bad[:MAX_ERRORS]]}},
        )


def _batches(lines: Iterable[Line | LineError]) -> Iterator[list[Line | LineError]]:
    unread = iter(lines)
    while batch := list(islice(unread, BATCH)):
        yield batch


def _write(campaign: Campaign, lines: list[Line], position: int, report: Report) -> int:
    """Returns how many items were created."""
    here = {
        item.anno_id: item for item in campaign.items.filter(anno_id__in=[line.anno_id for line in lines])
    }
    new = [line for line in lines if line.anno_id not in here]
    known = [(here[line.anno_id], line) for line in lines if line.anno_id in here]
    _create(campaign, new, position)
    report.created += len(new)
    differing = [(item, line) for item, line in known if item.line != line.raw]
    report.unchanged += len(known) - len(differing)
    _change(differing, report)
    return len(new)


def _change(differing: list[tuple[Item, Line]], report: Report) -> None:
    """Items that somebody has reviewed, or has before them now, stay as they are."""
    items = [item.pk for item, _ in differing]
    # A claim waits for these, or passes them over.
    slots = Slot.objects.filter(item__in=items, submission=None).select_for_update(no_key=True).order_by("id")
    seen = {slot.item_id for slot in slots if slot.reviewer_id}
    seen |= set(Submission.objects.filter(item__in=items).values_list("item_id", flat=True))
    for item, line in differing:
        if item.pk in seen:
            report.kept.append(item.anno_id)
            continue
        item.line = line.raw
        item.annotation_id = _annotations([line], item.campaign).get(line.anno_id)
        item.save(update_fields=["line", "annotation"])
        report.changed += 1


def _create(campaign: Campaign, lines: list[Line], position: int) -> None:
    annotations = _annotations(lines, campaign)
    ids = next_ids(Item, len(lines))
    items = [
        Item(
            id=pk,
            campaign=campaign,
            anno_id=line.anno_id,
            position=position + place,
            line=line.raw,
            annotation_id=annotations.get(line.anno_id),
            open_slots=campaign.target,
        )
        for place, (pk, line) in enumerate(zip(ids, lines, strict=True))
    ]
    copy_rows(items)
    slots.add(campaign.pk, [(item.pk, n) for item in items for n in range(1, campaign.target + 1)])
    counts.add(campaign.pk, items=len(items))


def _annotations(lines: list[Line], campaign: Campaign) -> dict[str, int]:
    """anno_id → the annotation of this project that the line names by `annotation_unique_id`."""
    named = {
        line.anno_id: str(value)
        for line in lines
        if isinstance(value := line.raw.get("annotation_unique_id"), str) and _is_uuid(value)
    }
    found = {
        str(unique_id): pk
        for pk, unique_id in Annotation.objects.filter(
            project_id=campaign.project_id, unique_id__in=set(named.values()), deleted_at=None
        ).values_list("pk", "unique_id")
    }
    return {anno_id: found[name.lower()] for anno_id, name in named.items() if name.lower() in found}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _add_origins(campaign: Campaign, lines: list[Line], keys: list[str]) -> None:
    """Where the page may load media from: a content policy cannot be written for each item."""
    origins = set(campaign.media_origins)
    for line in lines:
        try:
            addresses = list(content_of(line.raw, keys).addresses)
        except BadLine:  # checked when it was read
            continue
        for parts in map(urlsplit, addresses):
            if parts.scheme:
                origins.add(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    campaign.media_origins = sorted(origins)[:100]
