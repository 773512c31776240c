"""People as the reader may know them.

Annotators learn who reviewed them only where the project says so (`show_reviewer_names`); a reviewer who may decide a contested
rejection does not learn who signed it; reviewers read pseudonyms where the project says that (`anonymize_annotations`).
"""

from typing import Any

from reviews.identities import only_shown
from tasks.models import Project
from tasks.pseudonyms import REAL_IDENTITIES, Identities, identities_in


class NamesPeople:
    """Says the `people` of a body, ids or objects, as the reader knows them. Without a reader, as they are."""

    people: tuple[str, ...] = ("created_by",)

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)  # type: ignore[misc]
        identities = self.identities(row)
        return (
            body | {name: identities.mask(body[name]) for name in self.people if name in body}
            if identities.mask_people
            else body
        )

    def identities(self, row: Any) -> Identities:
        request = self.context.get("request")  # type: ignore[attr-defined]
        return REAL_IDENTITIES if request is None else identities_in(project_id_of(row), request.user)


class HidesReviewers(NamesPeople):
    """Blanks other people's names in `hidden_names` of what is read."""

    hidden_names = ("created_by",)

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is not None and (shown := only_shown(request.user, row)) is not None:
            known = {self.identities(row).mask_id(person) for person in shown}
            body |= {name: None for name in self.hidden_names if _id(body.get(name)) not in known}
        return body


def project_id_of(row: Any) -> int:
    if isinstance(row, Project):
        return row.pk
    return row.project_id if hasattr(row, "project_id") else row.annotation.project_id


def _id(person: Any) -> Any:
    return person.get("id") if isinstance(person, dict) else person
