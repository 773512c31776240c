"""Annotators learn who reviewed them only where the project says so (`show_reviewer_names`)."""

from typing import Any

from django.db.models import Q

from tasks.querysets import within
from tasks.roles import may


class HidesReviewers:
    """Blanks other people's names in `hidden_names` of what an annotator reads."""

    hidden_names = ("created_by",)

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)  # type: ignore[misc]
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is not None and names_hidden(request.user, project_of(row)):
            body |= {name: None for name in self.hidden_names if _id(body.get(name)) != request.user.pk}
        return body


def project_of(row: Any) -> Any:
    return row.project if hasattr(row, "project_id") else row.annotation.project


def names_hidden(user: Any, project: Any) -> bool:
    return not project.show_reviewer_names and not may(user, "view_all_annotations", project)


def names_shown_to(user: Any) -> Q:
    """Rows of projects in which `user` may learn who reviewed what."""
    everything = within(user, "view_all_annotations")
    return everything | Q(project__show_reviewer_names=True) if everything else everything


def _id(person: Any) -> Any:
    return person.get("id") if isinstance(person, dict) else person
