"""People as the reader may know them.

Annotators learn who reviewed them only where the project says so (`show_reviewer_names`); reviewers read pseudonyms where it
says that (`anonymize_annotations`).
"""

from typing import Any

from django.db.models import Q

from tasks.models import Project
from tasks.pseudonyms import NAMES, Faces, faces_in
from tasks.querysets import within
from tasks.roles import may


class NamesPeople:
    """Says the `people` of a body, ids or objects, as the reader knows them. Without a reader, as they are."""

    people: tuple[str, ...] = ("created_by",)

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)  # type: ignore[misc]
        faces = self.faces(row)
        return body | {name: faces.said(body[name]) for name in self.people if name in body} if faces.hides else body

    def faces(self, row: Any) -> Faces:
        request = self.context.get("request")  # type: ignore[attr-defined]
        return NAMES if request is None else faces_in(project_id_of(row), request.user)


class HidesReviewers(NamesPeople):
    """Blanks other people's names in `hidden_names` of what an annotator reads."""

    hidden_names = ("created_by",)

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is not None and names_hidden(request.user, project_of(row)):
            body |= {name: None for name in self.hidden_names if _id(body.get(name)) != request.user.pk}
        return body


def project_of(row: Any) -> Any:
    return row.project if hasattr(row, "project_id") else row.annotation.project


def project_id_of(row: Any) -> int:
    if isinstance(row, Project):
        return row.pk
    return row.project_id if hasattr(row, "project_id") else row.annotation.project_id


def names_hidden(user: Any, project: Any) -> bool:
    return not project.show_reviewer_names and not may(user, "view_all_annotations", project)


def names_shown_to(user: Any) -> Q:
    """Rows of projects in which `user` may learn who reviewed what."""
    everything = within(user, "view_all_annotations")
    return everything | Q(project__show_reviewer_names=True) if everything else everything


def _id(person: Any) -> Any:
    return person.get("id") if isinstance(person, dict) else person
