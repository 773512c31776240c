"""The report of an import, for the person who started it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from reviews.imported import ImportedWork
from tasks.labelconfig import some_problems
from tasks.models import Annotation, Task
from users.models import User

from .entries import AnnotationEntry, TaskEntry

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
    """An annotation of the file: `number` is its task's, `position` its own there, `task` its task here."""

    number: int
    position: int
    entry: AnnotationEntry
    task: Task


def annotations_of(placed: Sequence[tuple[TaskEntry, Task]]) -> list[Located]:
    return [
        Located(entry.number, position, annotation, task)
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
    result_problems: CountedTasks = field(default_factory=CountedTasks)
    duplicates_skipped: CountedTasks = field(default_factory=CountedTasks)
    duplicates_updated: CountedTasks = field(default_factory=CountedTasks)
    verdicts_not_kept: CountedTasks = field(default_factory=CountedTasks)
    self_reviews: CountedTasks = field(default_factory=CountedTasks)
    reviewers: Counter[int] = field(default_factory=Counter)  # ids
    reasons: Counter[str] = field(default_factory=Counter)
    new_unique_ids: int = 0
    predictions_without_content: int = 0
    drafts_ignored: int = 0
    comments_ignored: int = 0
    placeholders: list[str] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    task_ids: list[int] = field(default_factory=list)

    def count(self, placed: Sequence[tuple[TaskEntry, Task]], *, predictions: int) -> None:
        self.tasks += len(placed)
        self.predictions += predictions
        for entry, task in placed:
            self.task_ids.append(task.pk)
            self.columns |= dict.fromkeys(entry.data)
            self.predictions_without_content += entry.predictions_without_content
            self.drafts_ignored += entry.drafts
            self.comments_ignored += entry.comments

    def count_annotation(self, found: Located, row: Annotation, work: ImportedWork | None) -> None:
        """`row` is its annotation here; `work` has its verdicts if there are any."""
        self.annotations += 1
        self.comments_ignored += found.entry.comments
        where = {"annotation": found.position}
        if problems := some_problems(row.result, found.task.project.label_config):
            self.result_problems.add(found.number, **where, problems=problems)
        if reason := found.entry.review_state.not_kept_because:
            self.reasons[reason] += 1
            self.verdicts_not_kept.add(found.number, **where, reason=reason)
        if work:
            self.reviews += len(work.verdicts)
            self.standing += work.stands
            self.reviewers.update(verdict.reviewer_id for verdict in work.verdicts)
            if any(verdict.reviewer_id == row.completed_by_id for verdict in work.verdicts):
                self.self_reviews.add(found.number, **where, stands=work.stands)

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
            "result_problems": self.result_problems.as_dict(),
            "duplicates_skipped": self.duplicates_skipped.as_dict(),
            "duplicates_updated": self.duplicates_updated.as_dict(),
            "verdicts_not_kept": self.verdicts_not_kept.as_dict() | {"reasons": dict(self.reasons)},
            "self_reviews": self.self_reviews.as_dict(),
            "reviewers": self._reviewers(),
            "given_new_unique_id": self.new_unique_ids,
            "predictions_without_content": self.predictions_without_content,
            "drafts_ignored": self.drafts_ignored,
            "comments_ignored": self.comments_ignored,
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
            (self.duplicates_skipped.count, "tasks existed already and were skipped"),
            (self.duplicates_updated.count, "tasks existed already and were updated"),
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
