"""What came of an import, for the person who asked for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.labelconfig import some_problems
from tasks.models import Task

from .entries import Entry

NAMED = 100  # so many tasks are named one by one, the rest is counted


@dataclass
class Named:
    """A count, and the first tasks it is made of."""

    count: int = 0
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, **about: Any) -> None:
        self.count += 1
        if self.count <= NAMED:
            self.tasks.append({"task": number} | about)

    def as_dict(self) -> dict[str, Any]:
        return {"count": self.count, "tasks": self.tasks}


@dataclass
class Report:
    """`task` in the lists is the number of a task in the file, from 1."""

    tasks: int = 0
    annotations: int = 0
    predictions: int = 0
    reviews: int = 0
    standing: int = 0
    result_problems: Named = field(default_factory=Named)
    duplicates_skipped: Named = field(default_factory=Named)
    duplicates_updated: Named = field(default_factory=Named)
    verdicts_not_kept: Named = field(default_factory=Named)
    reasons: Counter[str] = field(default_factory=Counter)
    new_unique_ids: int = 0
    predictions_without_content: int = 0
    drafts_ignored: int = 0
    placeholders: list[str] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    task_ids: list[int] = field(default_factory=list)

    def count(self, placed: Sequence[tuple[Entry, Task]], *, predictions: int) -> None:
        self.tasks += len(placed)
        self.predictions += predictions
        for entry, task in placed:
            self.task_ids.append(task.pk)
            self.columns |= dict.fromkeys(entry.data)
            self.predictions_without_content += entry.unnamed_guesses
            self.drafts_ignored += entry.drafts
            for position, answer in enumerate(entry.answers):
                if problems := some_problems(answer.result, task.project.label_config):
                    self.result_problems.add(entry.number, annotation=position, problems=problems)
                if answer.said.not_kept:
                    self.verdict_not_kept(entry.number, position, answer.said.not_kept)

    def verdict_not_kept(self, number: int, position: int, reason: str) -> None:
        self.reasons[reason] += 1
        self.verdicts_not_kept.add(number, annotation=position, reason=reason)

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
            "given_new_unique_id": self.new_unique_ids,
            "predictions_without_content": self.predictions_without_content,
            "drafts_ignored": self.drafts_ignored,
            "placeholders": self.placeholders,
        }

    def lines(self) -> list[str]:
        """The same in words, without what did not happen."""
        said = [
            f"{self.tasks} tasks, {self.annotations} annotations, {self.predictions} predictions, {self.reviews} reviews"
        ]
        optional = {
            "annotations have results that the label configuration does not know, kept as they are": self.result_problems.count,
            "tasks were here already and were skipped": self.duplicates_skipped.count,
            "tasks were here already and were updated": self.duplicates_updated.count,
            "annotations or reviews got a new unique id, theirs was taken": self.new_unique_ids,
            "predictions are named by id only and could not be kept": self.predictions_without_content,
            "drafts were ignored": self.drafts_ignored,
        }
        said += [f"{number} {words}" for words, number in optional.items() if number]
        said += [
            f"{number} claimed verdicts became imported: {reason}" for reason, number in self.reasons.items()
        ]
        if self.placeholders:
            said.append(f"placeholders were made for {', '.join(self.placeholders)}")
        return said
