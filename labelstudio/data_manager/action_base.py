"""What all actions on a selection of tasks share: who may perform them, the dialog, the call, the answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from reviews.task_table import values
from reviews.task_table.errors import InvalidValue
from tasks.errors import Refused
from tasks.models import Project
from users.models import User
from users.sentences import sentence as _

# The services lock the rows they change; this many tasks at a time. More are a job of parts.
CHUNK = 1_000

Answer = dict[str, Any]
Form = list[dict[str, Any]]
TRUE = (True, "true", "True", "1", 1)
FALSE = (False, "false", "False", "0", 0, "", None)


@dataclass(frozen=True)
class Call:
    """One action on these tasks by this person; `body` is what was sent with the selection."""

    project: Project
    task_ids: list[int]
    actor: User
    body: dict[str, Any]

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

    def flag(self, name: str) -> bool:
        sent = self.body.get(name)
        if isinstance(sent, list | dict) or sent not in (*TRUE, *FALSE):
            raise Refused("invalid", _("%(name)s is true or false.", name=name), field=name)
        return sent in TRUE


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
    form: Callable[[Project], Form] = field(default=lambda project: [])
    by_parts: bool = True  # on a long selection: CHUNK tasks at a time, by a job

    def form_for(self, call: Call) -> Form:
        """The fields of the dialog for a selection; without tasks, for any."""
        return self.form(call.project)

    def listed_form(self, project: Project) -> Form | None:
        """None: Label Studio's dialog asks for the form when it opens."""
        return self.form(project) or None

    def as_body(self, name: str, project: Project) -> dict[str, Any]:
        form = self.listed_form(project)
        return {
            "id": name,
            "title": self.title,
            "order": self.order,
            "permission": self.capability,
            "experimental": False,
            "dialog": {"title": self.title, "text": self.text, "type": "confirm", "form": form},
        }
