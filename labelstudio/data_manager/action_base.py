"""What all actions on a selection of tasks share: who may perform them, the dialog, the call, the answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from reviews.task_table import values
from reviews.task_table.errors import InvalidValue
from tasks.errors import Refused
from tasks.models import Annotation, Project
from users.models import User

# The services lock the rows they change; this many at a time.
CHUNK = 10_000

Answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One action on these tasks by this person; `body` is what was sent with the selection."""

    project: Project
    task_ids: list[int]
    actor: User
    body: dict[str, Any]

    def annotations(self) -> Iterator[list[Annotation]]:
        """The annotations of these tasks that the actor sees, in chunks."""
        for some in chunked(self.task_ids):
            found = Annotation.objects.visible_to(self.actor).listed().filter(task_id__in=some).order_by("pk")
            yield from chunked(list(found.only("pk")))

    def text(self, name: str) -> str:
        try:
            return values.string(self.body.get(name) or "").strip()
        except InvalidValue as error:
            raise Refused("invalid", f"{name} {error}.", field=name)

    def ids(self, name: str) -> list[int]:
        try:
            return values.ids(self.body.get(name))
        except InvalidValue as error:
            raise Refused("invalid", f"{name} {error}.", field=name)


def chunked(rows: list) -> Iterator[list]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def answer(count: int, what: str, **more: Any) -> Answer:
    return {"processed_items": count, "detail": f"{what}: {count}", **more}


@dataclass(frozen=True)
class Action:
    title: str
    order: int
    capability: str
    perform: Callable[[Call], Answer]
    text: str = ""
    form: Callable[[Project], list[dict[str, Any]]] = field(default=lambda project: [])

    def as_body(self, name: str, project: Project) -> dict[str, Any]:
        form = self.form(project) or None
        return {
            "id": name,
            "title": self.title,
            "order": self.order,
            "permission": self.capability,
            "experimental": False,
            "dialog": {"title": self.title, "text": self.text, "type": "confirm", "form": form},
        }
