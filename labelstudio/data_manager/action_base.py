"""What an action on a selection of tasks is: who may, what it asks, what it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.models import Annotation, Project

# The service locks what it decides: so many annotations at a time.
CHUNK = 10_000


@dataclass(frozen=True)
class Job:
    """One action on these tasks, by this person; `body` is what was sent along with the selection."""

    project: Project
    task_ids: list[int]
    actor: Any
    body: dict[str, Any]

    def work(self) -> Iterator[list[Annotation]]:
        """The annotations of these tasks that the actor sees, in chunks."""
        for some in chunked(self.task_ids):
            found = Annotation.objects.visible_to(self.actor).listed().filter(task_id__in=some).order_by("pk")
            yield from chunked(list(found.only("pk")))


def chunked(rows: list) -> Iterator[list]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


@dataclass(frozen=True)
class Action:
    title: str
    order: int
    capability: str
    perform: Callable[[Job], dict[str, Any]]
    text: str = ""
    form: Callable[[Project], list[dict[str, Any]]] = field(default=lambda project: [])

    def listed(self, name: str, project: Project) -> dict[str, Any]:
        dialog = {
            "title": self.title,
            "text": self.text,
            "type": "confirm",
            "form": self.form(project) or None,
        }
        return {
            "id": name,
            "title": self.title,
            "order": self.order,
            "permission": self.capability,
            "experimental": False,
            "dialog": dialog,
        }


def said(count: int, what: str, **more: Any) -> dict[str, Any]:
    return {"processed_items": count, "detail": f"{what}: {count}", **more}
