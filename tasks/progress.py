"""The progress of projects, from stored counters: its cost does not depend on their size. An annotator's own
progress is counted from their annotations."""

from collections.abc import Iterable
from dataclasses import dataclass

from users.models import User

from .models import Project
from .own_work import totals_for


@dataclass(frozen=True)
class Progress:
    """`done` of `tasks`: reviewed, or not in the review sample; finished, if reviews are off.

    `accepted` and `rejected` count annotations by their standing verdict, the others tasks.
    """

    tasks: int
    finished: int
    reviewed: int
    unsampled: int
    done: int
    annotations: int
    skipped: int
    accepted: int
    rejected: int

    @property
    def percent(self) -> float:
        """Rounded down, so that 100 means all."""
        return self.done * 1000 // self.tasks / 10 if self.tasks else 0.0


def progress_of(projects: Iterable[Project], reader: User) -> dict[int, Progress]:
    """Project id → progress as `reader` may know it: an annotator's is their own."""
    listed = list(projects)
    totals = totals_for(reader, listed)
    return {project.pk: progress_from(project, totals[project.pk]) for project in listed}


def progress_from(project: Project, counted: dict[str, int]) -> Progress:
    same = {
        name: counted[name]
        for name in ("tasks", "finished", "reviewed", "annotations", "skipped", "accepted", "rejected")
    }
    done = counted["review_done"] if project.enable_review_workflow else counted["finished"]
    return Progress(**same, unsampled=counted["tasks"] - counted["sampled"], done=done)
