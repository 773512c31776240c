"""Imports a file of items into a campaign: what is good is created, what is not is reported by line number.

Importing the same file again changes nothing.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Self
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from jobs.progress import Progress, no_progress
from tasks.errors import Refused
from tasks.models import Annotation
from tasks.sql import copy_rows, next_ids
from users.sentences import sentence as _

from .. import counts, measuring, slots
from ..content_policy import origin_of
from ..models import Campaign, Item, Slot, Submission
from ..rubric import question_keys
from .lines import Line, LineError, read_lines

BATCH, BATCH_BYTES = 1000, 8 * 2**20
MAX_ERRORS = 1000  # listed; all are counted
MAX_ORIGINS = 100  # where a campaign's media may come from

# An annotation and the newest row of its history that was seen.
Linked = tuple[int | None, int | None]
NO_ANNOTATION: Linked = (None, None)


@dataclass
class Report:
    """`changed`: the line differs from an item that nobody has reviewed or has in hand, which now has the new
    line. `kept`: it differs, but its reviews are of the old line, so the item stays as it was."""

    created: int = 0
    unchanged: int = 0
    changed: int = 0
    kept: int = 0
    bad_lines: int = 0
    kept_items: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add_error(self, error: LineError) -> None:
        self.bad_lines += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append({"line": error.number, "reason": error.reason})

    def add_kept(self, anno_id: str) -> None:
        self.kept += 1
        if len(self.kept_items) < MAX_ERRORS:
            self.kept_items.append(anno_id)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class ImportState:
    """How far an import is: what its job keeps between two steps, besides `seen` of the lines read so far."""

    offset: int = 0  # bytes
    lines: int = 0
    is_checked: bool = False
    report: Report = field(default_factory=Report)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        return cls(**(state | {"report": Report(**state["report"])}))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def import_items(
    campaign: Campaign, file: BinaryIO, *, strict: bool = False, progress: Progress = no_progress
) -> Report:
    """All of `file` (JSON lines, in bytes, seekable), in one transaction. See ItemImport."""
    importing = ItemImport(campaign, file, ImportState(), {}, is_strict=strict, progress=progress)
    with transaction.atomic():
        importing.run()
    return importing.state.report


class ItemImport:
    """`seen`: anno_id → the number of its line, of the lines read so far. `is_strict`: one bad line refuses
    the whole file, before anything is written."""

    def __init__(
        self,
        campaign: Campaign,
        file: BinaryIO,
        state: ImportState,
        seen: dict[str, int],
        *,
        is_strict: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        self.campaign, self.file, self.state, self.seen = campaign, file, state, seen
        self.is_strict, self.progress = is_strict, progress
        self.keys = question_keys(campaign.rubric)
        self.size = file.seek(0, 2)
        file.seek(state.offset)

    def run(self, is_out_of_time: Callable[[], bool] = lambda: False) -> bool:
        """Whether it is done. If not, time was up: commit `state`, and go on from there. In a transaction.

        Raises Refused if it is strict and there are bad lines.
        """
        if self.is_strict and not self.state.is_checked:
            for _ in self._batches():
                if is_out_of_time():
                    return False
            refuse_bad_lines(self.state.report)
            self._start_again()
        # No two imports at once, and no change of the number of reviews meanwhile.
        self.campaign = Campaign.objects.locked().get(pk=self.campaign.pk)
        first = position = (self.campaign.items.aggregate(last=Max("position"))["last"] or 0) + 1
        for batch in self._batches():
            position += _write(self.campaign, batch, position, self.state.report)
            if is_out_of_time():
                break
        if position > first:
            self.campaign.completed_at = None
            # At the end: until the commit, submissions wait for this row.
            counts.add(self.campaign.pk, items=position - first)
        self.campaign.save(update_fields=["media_origins", "completed_at"])
        return self.state.offset >= self.size

    def _batches(self) -> Iterator[list[Line]]:
        """The good lines, some at a time; bad ones go to the report."""
        lines = read_lines(self.file, self.keys, seen=self.seen, after=self.state.lines)
        while self.state.offset < self.size:
            good = self._batch(lines)
            verb = "imported" if self.state.is_checked or not self.is_strict else "checked"
            sentence = _(
                "%(lines)s lines %(verb)s, %(bad_lines)s of them bad",
                lines=format(self.state.lines, ","),
                verb=verb,
                bad_lines=format(self.state.report.bad_lines, ","),
            )
            self.progress(self.state.offset, self.size, sentence)
            yield good

    def _batch(self, lines: Iterator[Line | LineError]) -> list[Line]:
        good, start = [], self.state.offset
        for count, line in enumerate(lines, start=1):
            if isinstance(line, Line):
                good.append(line)
            else:
                self.state.report.add_error(line)
            self.state.lines = line.number
            self.state.offset = self.file.tell()
            if count == BATCH or self.state.offset - start > BATCH_BYTES:
                break
        else:
            self.state.offset = self.size
        return good

    def _start_again(self) -> None:
        self.state = ImportState(is_checked=True)
        self.seen.clear()
        self.file.seek(0)


def refuse_bad_lines(report: Report) -> None:
    if report.bad_lines:
        first = "; ".join(f"line {error['line']}: {error['reason']}" for error in report.errors[:5])
        more = "; and more" if report.bad_lines > 5 else ""
        raise Refused(
            "bad_lines",
            _(
                "%(bad_lines)s bad lines, so nothing was imported. %(first)s%(more)s",
                bad_lines=format(report.bad_lines, ","),
                first=first,
                more=more,
            ),
            field="file",
            extra={"body": {"errors": report.errors}},
        )


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
    _change(campaign, differing, report)
    same = [(item, line) for item, line in known if item.line == line.raw]
    changed = _change_known(campaign, same)
    report.changed += changed
    report.unchanged += len(same) - changed
    _add_origins(campaign, lines)
    return len(new)


def _change(campaign: Campaign, differing: list[tuple[Item, Line]], report: Report) -> None:
    shown = _shown([item.pk for item, _ in differing])
    # Locked, so that nobody is handed an item with its old line while it gets a new one. Those that people
    # have before them stay as they are, and nobody who sends a review of them waits for this import.
    unseen = [item.pk for item, _ in differing if item.pk not in shown]
    list(Item.objects.filter(pk__in=unseen).locked())
    list(Slot.objects.filter(item__in=unseen).locked())
    shown |= _shown(unseen)
    annotations = _annotations([line for _, line in differing], campaign)
    for item, line in differing:
        if item.pk in shown:
            report.add_kept(item.anno_id)
            continue
        item.line, item.known = line.raw, item.known if line.known is None else line.known or None
        item.annotation_id, item.annotation_row = annotations.get(line.anno_id, NO_ANNOTATION)
        item.save(update_fields=["line", "known", "annotation", "annotation_row"])
        report.changed += 1


def _shown(items: list[int]) -> set[int]:
    """Those that somebody has reviewed, or has in hand."""
    held = Slot.objects.filter(item__in=items, reviewer__isnull=False)
    reviewed = Submission.objects.filter(item__in=items)
    return {*held.values_list("item_id", flat=True), *reviewed.values_list("item_id", flat=True)}


def _change_known(campaign: Campaign, same: list[tuple[Item, Line]]) -> int:
    """Of items whose line is as it was: what they show does not change, so they may have reviews."""
    changed = 0
    for item, line in same:
        if line.known is not None and (line.known or None) != item.known:
            changed += Item.objects.filter(pk=item.pk).update(known=line.known or None)
    if changed:
        measuring.forget(campaign)
    return changed


def _create(campaign: Campaign, lines: list[Line], position: int) -> None:
    annotations = _annotations(lines, campaign)
    ids = next_ids(Item, len(lines))
    items = [
        _item(campaign, line, annotations.get(line.anno_id, NO_ANNOTATION), pk=pk, position=position + place)
        for place, (pk, line) in enumerate(zip(ids, lines, strict=True))
    ]
    copy_rows(items)
    slots.add(campaign.pk, [(item.pk, n) for item in items for n in range(1, campaign.target + 1)])


def _item(campaign: Campaign, line: Line, annotation: Linked, *, pk: int, position: int) -> Item:
    annotation_id, annotation_row = annotation
    return Item(
        id=pk,
        campaign=campaign,
        anno_id=line.anno_id,
        position=position,
        line=line.raw,
        known=line.known or None,
        annotation_id=annotation_id,
        annotation_row=annotation_row,
        open_slots=campaign.target,
    )


def _annotations(lines: Collection[Line], campaign: Campaign) -> dict[str, Linked]:
    """anno_id → the annotation of this project that the line names by `annotation_unique_id`, and its
    version: that of `last_annotation_history` in the line, or the current one."""
    named = {
        line.anno_id: str(value)
        for line in lines
        if isinstance(value := line.raw.get("annotation_unique_id"), str) and _is_uuid(value)
    }
    rows = Annotation.objects.filter(
        project_id=campaign.project_id, unique_id__in=set(named.values()), deleted_at=None
    )
    found = {
        str(annotation.unique_id): annotation
        for annotation in rows.only("unique_id", "current_version", "data_changed_row")
    }
    shown = {line.anno_id: line.raw.get("last_annotation_history") for line in lines}
    return {
        anno_id: (annotation.pk, _row(shown[anno_id]) or annotation.last_row_to_see)
        for anno_id, name in named.items()
        if (annotation := found.get(name.lower()))
    }


def _row(value: Any) -> int | None:
    is_row = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    return value if is_row else None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _add_origins(campaign: Campaign, lines: list[Line]) -> None:
    """Where the page may load media from: a content policy cannot be written for each item."""
    found = {origin_of(address) for line in lines for address in line.content.addresses}
    campaign.media_origins = sorted({*campaign.media_origins, *filter(None, found)})[:MAX_ORIGINS]
