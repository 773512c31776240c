"""The report of an import, for the person who started it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from tasks.models import Task
from tasks.result_problems import some_problems
from users.models import User

from .entries import AnnotationEntry, TaskEntry
from .found import Item
from .problems import MAX_LISTED, Problems

LISTED = 100  # the first so many tasks are listed, the rest is counted


@dataclass
class CountedTasks:
    """How many tasks, and which the first of them are."""

    count: int = 0
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, **details: Any) -> None:
        self.count += 1
        if self.count <= LISTED:
            self.tasks.append({"task": number} | details)

    def as_dict(self) -> dict[str, Any]:
        return {"count": self.count, "tasks": self.tasks}


@dataclass(frozen=True)
class Located:
    """An annotation of the file: `item` is its task there, `position` its own in it, `task` its task here."""

    item: Item
    position: int
    entry: AnnotationEntry
    task: Task


def annotations_of(placed: Sequence[tuple[TaskEntry, Task]]) -> list[Located]:
    return [
        Located(entry.item, position, annotation, task)
        for entry, task in placed
        for position, annotation in enumerate(entry.annotations)
    ]


@dataclass
class Report:
    """`task` in the lists is the position of a task in the file, from 1."""

    tasks: int = 0
    annotations: int = 0
    predictions: int = 0
    reviews: int = 0
    standing: int = 0
    comments: int = 0
    drafts: int = 0
    result_problems: CountedTasks = field(default_factory=CountedTasks)
    duplicates_skipped: CountedTasks = field(default_factory=CountedTasks)
    duplicates_updated: CountedTasks = field(default_factory=CountedTasks)
    verdicts_not_kept: CountedTasks = field(default_factory=CountedTasks)
    self_reviews: CountedTasks = field(default_factory=CountedTasks)
    reviewers: Counter[Any] = field(default_factory=Counter)  # ids
    reasons: Counter[str] = field(default_factory=Counter)
    annotations_updated: int = 0
    annotations_unchanged: int = 0
    new_unique_ids: int = 0
    predictions_without_content: int = 0
    drafts_ignored: int = 0
    comments_ignored: int = 0
    blank_lines: int = 0
    placeholders: list[str] = field(default_factory=list)
    warnings: dict[str, Any] = field(default_factory=lambda: {"count": 0, "items": []})
    files_left_out: dict[str, Any] = field(default_factory=lambda: {"count": 0, "names": []})
    formats: list[str] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    task_ids: list[int] = field(default_factory=list)

    def count_task(self, entry: TaskEntry) -> None:
        self.tasks += 1
        self.predictions += len(entry.predictions)
        self.columns |= dict.fromkeys(entry.data)
        self.predictions_without_content += entry.predictions_without_content
        self.drafts += len(entry.drafts)
        self.drafts_ignored += entry.ignored_drafts
        self.comments_ignored += entry.ignored_comments

    def count_annotation(
        self, number: int, position: int, entry: AnnotationEntry, config: str, name_of: Callable[[str], Any]
    ) -> None:
        """`number` is its task's in the import, `position` its own there. `name_of` says whom a key of the
        file means."""
        self.annotations += 1
        self.comments += len(entry.comments)
        where = {"annotation": position}
        state = entry.review_state
        if problems := some_problems(entry.result, config):
            self.result_problems.add(number, **where, problems=problems)
        if reason := state.not_kept_because:
            self.count_not_kept(number, position, reason)
        self.reviews += len(state.verdicts)
        self.standing += state.stands
        reviewers = [name_of(verdict.reviewer) for verdict in state.verdicts]
        self.reviewers.update(reviewers)
        if name_of(entry.author) in reviewers:
            self.self_reviews.add(number, **where, stands=state.stands)

    def count_not_kept(self, number: int, position: int, reason: str) -> None:
        self.reasons[reason] += 1
        self.verdicts_not_kept.add(number, annotation=position, reason=reason)

    def add_warnings(self, problems: Problems) -> None:
        more = problems.warnings_as_dict()
        items = [*self.warnings["items"], *more["items"]][:MAX_LISTED]
        self.warnings = {"count": self.warnings["count"] + more["count"], "items": items}

    def as_state(self) -> dict[str, Any]:
        """As JSON, for `from_state`. Without `task_ids`: a job does not answer with them."""
        state = {name: value for name, value in self.__dict__.items() if name != "task_ids"}
        lists = {name: value.as_dict() for name, value in state.items() if isinstance(value, CountedTasks)}
        return state | lists | {"reviewers": list(self.reviewers.items())}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        lists = {one.name for one in fields(cls) if one.default_factory is CountedTasks}
        report = cls()
        for name, value in state.items():
            setattr(report, name, CountedTasks(**value) if name in lists else value)
        report.reasons, report.reviewers = Counter(state["reasons"]), Counter(dict(state["reviewers"]))
        return report

    def as_dict(self) -> dict[str, Any]:
        return {
            "tasks": self.tasks,
            "annotations": self.annotations,
            "predictions": self.predictions,
            "reviews": self.reviews,
            "standing_reviews": self.standing,
            "comments": self.comments,
            "drafts": self.drafts,
            "result_problems": self.result_problems.as_dict(),
            "duplicates_skipped": self.duplicates_skipped.as_dict(),
            "duplicates_updated": self.duplicates_updated.as_dict(),
            "verdicts_not_kept": self.verdicts_not_kept.as_dict() | {"reasons": dict(self.reasons)},
            "self_reviews": self.self_reviews.as_dict(),
            "reviewers": self._reviewers(),
            "annotations_updated": self.annotations_updated,
            "annotations_unchanged": self.annotations_unchanged,
            "given_new_unique_id": self.new_unique_ids,
            "predictions_without_content": self.predictions_without_content,
            "drafts_ignored": self.drafts_ignored,
            "comments_ignored": self.comments_ignored,
            "blank_lines": self.blank_lines,
            "warnings": self.warnings,
            "files_left_out": self.files_left_out,
            "formats": self.formats,
            "columns": list(self.columns),
            "placeholders": self.placeholders,
        }

    def _reviewers(self) -> list[dict[str, Any]]:
        """Whom the file names as reviewers: nobody signs in a file without being listed here."""
        most = self.reviewers.most_common(LISTED)
        emails = dict(User.objects.filter(pk__in=[pk for pk, _ in most]).values_list("pk", "email"))
        return [{"email": emails[pk], "reviews": number} for pk, number in most]

    def lines(self) -> list[str]:
        """The same as sentences; what is zero is left out."""
        problems = self.result_problems.count
        counted = [
            (
                problems,
                "annotations have results that the label configuration does not know, stored as they are",
            ),
            (self.warnings["count"], "keys are missing or unknown (`--strict` refuses them)"),
            (self.blank_lines, "blank lines were left out"),
            (self.files_left_out["count"], "hidden files of archives were left out"),
            (self.duplicates_skipped.count, "tasks existed already and were skipped"),
            (self.duplicates_updated.count, "tasks existed already and were updated"),
            (self.annotations_updated, "annotations of such tasks got a new version"),
            (self.annotations_unchanged, "annotations of such tasks were the same already"),
            (self.new_unique_ids, "annotations or reviews got a new unique id, because theirs was taken"),
            (
                self.predictions_without_content,
                "predictions are a bare id in the file and could not be stored",
            ),
            (self.drafts_ignored, "drafts were ignored"),
            (self.comments_ignored, "comments were ignored"),
            (self.self_reviews.count, "annotations have a verdict by their own author"),
            *((number, f"claimed verdicts became imported: {code}") for code, number in self.reasons.items()),
        ]
        totals = [
            f"{self.tasks} tasks",
            f"{self.annotations} annotations",
            f"{self.predictions} predictions",
            f"{self.reviews} reviews",
        ]
        lines = [", ".join(totals), *(f"{number} {words}" for number, words in counted if number)]
        lines += [f"{r['reviews']} reviews are signed {r['email']} in the file" for r in self._reviewers()]
        if self.placeholders:
            lines.append(f"placeholders were created for {', '.join(self.placeholders)}")
        return lines
