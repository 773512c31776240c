"""Reads reviews back from a folder, a zip, or the snapshot of a dataset repository. Idempotent."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.utils import timezone

from jobs.progress import Progress, no_progress
from tasks.errors import Refused
from tasks.strict_json import DECODER, refuse_unstorable
from users.sentences import sentence as _

from .answers import COMMENT_LENGTH, Answers
from .importing.lines import ANNO_ID
from .models import Campaign, Status
from .review_file import PATH, REVIEWER
from .review_source import MAX_FILE, Unreadable, statuses
from .review_source import Source as Files
from .rubric import Rubric, is_tag, scores_of
from .storing_restored import Restored, rounds, store_round

CHUNK = 200
MAX_LISTED = 1000
# Seconds between `ts` and the milliseconds in the name: some programs take the time twice.
CLOCKS_DIFFER = 5
NAME = "its name is not reviews/<reviewer>/<anno_id>__<milliseconds>.json"


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
    """`created` has all statuses; `surplus` are those among them that would have counted, but no review was
    wanted any more. `unknown`: reviews of items that the campaign does not have."""

    created: int = 0
    surplus: int = 0
    duplicate: int = 0
    unknown: int = 0
    invalid: int = 0
    unknown_items: list[str] = field(default_factory=list)
    invalid_files: list[dict[str, str]] = field(default_factory=list)

    def add_unknown(self, anno_id: str) -> None:
        self.unknown += 1
        if anno_id not in self.unknown_items and len(self.unknown_items) < MAX_LISTED:
            self.unknown_items.append(anno_id)

    def add_invalid(self, path: str, reason: str) -> None:
        self.invalid += 1
        if len(self.invalid_files) < MAX_LISTED:
            # Names of files may be no text at all.
            shown = path[:500].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
            self.invalid_files.append({"path": shown, "reason": reason})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class RestoreState:
    """How far it is: what its job keeps between two steps."""

    done: int = 0  # files, in the order of Restoring
    report: Report = field(default_factory=Report)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        return cls(state["done"], Report(**state["report"]))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def restore(
    campaign: Campaign, files: Files, *, is_pushed: bool = False, progress: Progress = no_progress
) -> Report:
    """Each review at most once, whichever way it came: by its reviewer, item and time. Not in a transaction:
    they are committed some at a time. `is_pushed`: they come from the campaign's dataset repository, and are
    not pushed there again. Raises Refused if there are no reviews."""
    restoring = Restoring(campaign, files, RestoreState(), is_pushed=is_pushed, progress=progress)
    restoring.run()
    return restoring.state.report


class Restoring:
    def __init__(
        self,
        campaign: Campaign,
        files: Files,
        state: RestoreState,
        *,
        is_pushed: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        self.campaign, self.files, self.state = campaign, files, state
        self.pushed_at = timezone.now() if is_pushed else None
        self.progress = progress

    def run(self, is_out_of_time: Callable[[], bool] = lambda: False) -> bool:
        """Whether it is done. If not, time was up: keep `state`, and go on from there."""
        is_first = self.state.done == 0
        report = self.state.report
        listed = statuses(self.files, report.add_invalid if is_first else lambda path, reason: None)
        names = self._names(listed, is_first=is_first)
        while chunk := names[self.state.done : self.state.done + CHUNK]:
            self._restore(chunk, listed)
            self.state.done += len(chunk)
            self.progress(self.state.done, len(names), f"{report.created:,} reviews restored")
            if is_out_of_time():
                break
        return self.state.done >= len(names)

    def _names(self, listed: dict[str, Status], *, is_first: bool) -> list[str]:
        """In the order they were made, so that the first N of an item are those that count, unless a list
        says that they did not."""
        found = []
        for name in self.files.names:
            if named := PATH.match(f"/{name}"):
                found.append((name in listed, int(named["ms"]), name))
            elif is_first and name.endswith(".json") and f"/{name}".find("/reviews/") >= 0:
                self.state.report.add_invalid(name, NAME)
        if not found:
            raise Refused(
                "no_reviews",
                _(
                    "There are no reviews in it: no file is named "
                    "reviews/<reviewer>/<anno_id>__<milliseconds>.json."
                ),
                field="file",
            )
        return [name for _, _, name in sorted(found)]

    def _restore(self, names: list[str], listed: dict[str, Status]) -> None:
        reviews = [found for name in names if (found := self._read(name))]
        of_campaign = self.campaign.items.filter(anno_id__in={found.anno_id for found in reviews})
        items = dict(of_campaign.values_list("anno_id", "pk"))
        known = []
        for found in reviews:
            if item_id := items.get(found.anno_id):
                status = listed.get(found.path, Status.COUNTED)
                known.append(Restored(item_id, found.reviewer_id, found.ms, found.answers, status))
            else:
                self.state.report.add_unknown(found.anno_id)
        for one_of_each in rounds(known):
            for stored in store_round(self.campaign, one_of_each, pushed_at=self.pushed_at):
                self.state.report.duplicate += stored is None
                self.state.report.created += stored is not None
                self.state.report.surplus += stored == Status.SURPLUS

    def _read(self, path: str) -> Found | None:
        try:
            return read_review(self.campaign.rubric, path, self.files.read(path))
        except (Invalid, Unreadable) as error:
            self.state.report.add_invalid(path, str(error))
            return None


def read_review(rubric: Rubric, path: str, content: bytes) -> Found:
    """Checks body and path, and that they agree. Raises Invalid."""
    named = PATH.match(f"/{path}")
    if not named:
        raise Invalid(NAME)
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
    if abs(int(named["ms"]) // 1000 - body["ts"]) > CLOCKS_DIFFER:
        raise Invalid("ts is another time than the milliseconds in its name")
    comment = body.get("comment", "")
    if not isinstance(comment, str) or len(comment) > COMMENT_LENGTH:
        raise Invalid("comment is not a text")
    answers = {question["key"]: _answer(rubric, question, body) for question in rubric["questions"]}
    return Found(path, reviewer_id, anno_id, int(named["ms"]), Answers(answers, comment))


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_FILE:
        raise Invalid(f"more than {MAX_FILE:,} bytes")
    try:
        body = DECODER.decode(content.decode("utf-8-sig"))
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
    # By type: true, 3.0 and "3" are other things than 3.
    if type(sent.get("score")) is not int or sent["score"] not in scores_of(rubric):
        raise Invalid(f"{key}.score is not one of the scores")
    answer: dict[str, Any] = {"score": sent["score"]}
    for tag in question.get("tags", ()):
        value = sent.get(tag["name"], "")
        if not is_tag(value):
            raise Invalid(f"{key}.{tag['name']} is not a short text")
        answer[tag["name"]] = value
    return answer
