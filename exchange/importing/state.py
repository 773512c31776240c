"""How far an import is: what its job keeps between two steps."""

from dataclasses import dataclass, field
from typing import Any, Self

from tasks.models import Project

from .report import Report

# Of the project: by these its tasks are counted and reviewed.
COUNTING_SETTINGS = (
    "maximum_annotations",
    "review_criteria",
    "enable_review_workflow",
    "only_finished_tasks",
)


def counting_settings(project: Project) -> list[Any]:
    return [getattr(project, name) for name in COUNTING_SETTINGS]


@dataclass
class ImportState:
    total: int  # tasks of the file
    next_inner_id: int  # of those reserved for its tasks
    users: Any  # what UsersMap takes
    settings: list[Any] | None  # by which all its tasks were counted; None if they changed meanwhile
    written: int = 0  # tasks of the file
    has_updates: bool = False  # of tasks that exist already
    has_parts: bool = False  # more annotations of tasks that were earlier in the file
    staged_people: list[int] = field(default_factory=list)
    report: Report = field(default_factory=Report)

    def as_json(self) -> dict[str, Any]:
        return self.__dict__ | {"report": self.report.as_state()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        return cls(**(state | {"report": Report.from_state(state["report"])}))
