"""Reads reviews back from a folder, a zip, or the snapshot of a dataset repository. Idempotent."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from jobs.progress import Progress, no_progress
from tasks.errors import Refused
from tasks.strict_json import DECODER, refuse_unstorable

from .answers import COMMENT_LENGTH, Answers
from .identities import locked_participation
from .importing.lines import ANNO_ID
from .models import LIVE, Campaign, Item, Reviewer, Source, Status, Submission
from .review_file import PATH, REVIEWER
from .rubric import Rubric, is_tag, scores_of
from .submitting import count_review, free_slot, store, supersede

CHUNK = 200
MAX_FILE = 64 * 1024  # bytes of one review
MAX_LISTED = 1000


class Invalid(ValueError):
    """Not a review of this campaign; the message says why."""


@dataclass(frozen=True)
class Found:
    """A review as it was read."""

    path: str
    reviewer_id: str
    anno_id: str
    ms: int
    answers: Answers


@dataclass
class Report:
    """`unknown`: reviews of items that the campaign does not have."""

    created: int = 0
    duplicate: int = 0
    surplus: int = 0
    unknown: list[str] = field(default_factory=list)
    invalid: list[tuple[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "surplus": self.surplus,
            "duplicate": self.duplicate,
            "unknown": len(self.unknown),
            "invalid": len(self.invalid),
            "unknown_items": sorted(set(self.unknown))[:MAX_LISTED],
            "invalid_files": [{"path": path, "reason": why} for path, why in self.invalid[:MAX_LISTED]],
        }


Files = Iterable[tuple[str, bytes]]


def files_in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(path, content) of everything that is named like a review. Links are not followed."""
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        if PATH.match(f"/{name}") and path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                yield name, file.read(MAX_FILE + 1)


def files_in_zip(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Nothing is unpacked to disk. Raises Refused if it is no zip file."""
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise Refused("not_a_zip", "This is not a zip file.", field="file") from None
    with archive:
        for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
            if PATH.match(f"/{entry.filename}"):
                try:
                    with archive.open(entry) as content:
                        yield entry.filename, content.read(MAX_FILE + 1)
                except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
                    yield entry.filename, f"unreadable: {error}".encode()


def restore(campaign: Campaign, files: Files, *, progress: Progress = no_progress) -> Report:
    """Each review at most once, whichever way it came: by its reviewer, item and time."""
    report, done = Report(), 0
    readable = _readable(campaign.rubric, files, report)
    # In the order they were made, so that the first N of an item are those that count.
    for chunk in _chunks(sorted(readable, key=lambda found: (found.ms, found.path))):
        with transaction.atomic():
            for found in chunk:
                _restore_one(campaign, found, report)
        done += len(chunk)
        progress(done, None, f"{report.created:,} reviews restored")
    return report


def _readable(rubric: Rubric, files: Files, report: Report) -> Iterator[Found]:
    for path, content in files:
        try:
            yield read_review(rubric, path, content)
        except Invalid as error:
            report.invalid.append((path, str(error)))


def read_review(rubric: Rubric, path: str, content: bytes) -> Found:
    """Checks body and path, and that they agree. Raises Invalid."""
    named = PATH.match(f"/{path}")
    if not named:
        raise Invalid("its name is not reviews/<reviewer>/<anno_id>__<milliseconds>.json")
    body = _parse(content)
    reviewer_id, anno_id = body.get("reviewer_id"), body.get("anno_id")
    if not isinstance(reviewer_id, str) or not REVIEWER.match(reviewer_id):
        raise Invalid("reviewer_id is not valid")
    if not isinstance(anno_id, str) or not ANNO_ID.match(anno_id):
        raise Invalid("anno_id is not valid")
    if (named["reviewer"], named["anno_id"]) != (reviewer_id, anno_id):
        raise Invalid("it is another review than its path says")
    if not isinstance(body.get("ts"), int) or isinstance(body["ts"], bool):
        raise Invalid("ts is not a number of seconds")
    comment = body.get("comment", "")
    if not isinstance(comment, str) or len(comment) > COMMENT_LENGTH:
        raise Invalid("comment is not a text")
    answers = {question["key"]: _answer(rubric, question, body) for question in rubric["questions"]}
    return Found(path, reviewer_id, anno_id, int(named["ms"]), Answers(answers, comment))


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_FILE:
        raise Invalid(f"more than {MAX_FILE:,} bytes")
    try:
        body = DECODER.decode(content.decode("utf-8"))
        refuse_unstorable(body)
    except Exception as error:
        raise Invalid(f"not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Invalid("not an object")
    return body


def _answer(rubric: Rubric, question: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    key = question["key"]
    sent = body.get(key)
    if not isinstance(sent, dict):
        raise Invalid(f"{key} is missing")
    if sent.get("score") not in scores_of(rubric) or isinstance(sent["score"], bool):
        raise Invalid(f"{key}.score is not one of the scores")
    answer: dict[str, Any] = {"score": sent["score"]}
    for tag in question.get("tags", ()):
        value = sent.get(tag["name"], "")
        if not is_tag(value):
            raise Invalid(f"{key}.{tag['name']} is not a short text")
        answer[tag["name"]] = value
    return answer


def _restore_one(campaign: Campaign, found: Found, report: Report) -> None:
    item = Item.objects.filter(campaign=campaign, anno_id=found.anno_id).first()
    if item is None:
        report.unknown.append(found.anno_id)
        return
    reviewer, _ = Reviewer.objects.get_or_create(public_id=found.reviewer_id)
    participation = locked_participation(campaign.pk, reviewer)
    here = Submission.objects.filter(item=item, reviewer=reviewer)
    if here.filter(ms=found.ms).exists():
        report.duplicate += 1
        return
    slot = None
    if earlier := here.filter(status__in=LIVE).first():
        slot = supersede(earlier)
    slot = slot or free_slot(item, reviewer)
    submission = store(
        campaign, item, participation, found.answers, slot=slot, ms=found.ms, source=Source.RESTORED
    )
    if slot and slot.submission_id is None:
        count_review(campaign, item, participation)
    report.created += 1
    report.surplus += submission.status == Status.SURPLUS


def _chunks(reviews: list[Found]) -> Iterator[list[Found]]:
    unread = iter(reviews)
    while chunk := list(islice(unread, CHUNK)):
        yield chunk
