"""People as the reader may know them.

Annotators learn who reviewed them only where the project says so (`show_reviewer_names`); a reviewer who may
decide a contested rejection does not learn who signed it; reviewers see pseudonyms in a project with
`anonymize_annotations`.
"""

from collections.abc import Iterable
from typing import Any

from reviews.identities import visible_actors
from tasks.models import Project
from tasks.pseudonyms import REAL_IDENTITIES, Identities, identities_in
from users.models import User

from .values import Body


def name_people(body: Body, identities: Identities, names: Iterable[str]) -> None:
    """Replace the people of `body` under these names, ids or objects, by what the reader calls them."""
    if identities.mask_people:
        for name in names:
            if name in body:
                body[name] = identities.mask(body[name])


def hide_names(body: Body, row: Any, reader: User, identities: Identities, names: Iterable[str]) -> None:
    """Blank the people under these names whom the reader may not learn of as actors of `row`."""
    if (shown := visible_actors(reader, row)) is not None:
        known = {identities.mask_id(person) for person in shown}
        for name in names:
            if _id(body.get(name)) not in known:
                body[name] = None


class NamesPeople:
    """Shows the `people` of a body as the reader knows them. Without a reader, as they are."""

    people: tuple[str, ...] = ("created_by",)

    def to_representation(self, row: Any) -> Body:
        body = super().to_representation(row)  # type: ignore[misc]
        name_people(body, self.identities(row), self.people)
        return body

    def identities(self, row: Any) -> Identities:
        request = self.context.get("request")  # type: ignore[attr-defined]
        return REAL_IDENTITIES if request is None else identities_in(project_id_of(row), request.user)


class HidesReviewers(NamesPeople):
    """Blanks the names in `hidden_names` of people whom the reader may not know as reviewers."""

    hidden_names = ("created_by",)

    def to_representation(self, row: Any) -> Body:
        body = super().to_representation(row)
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is not None:
            hide_names(body, row, request.user, self.identities(row), self.hidden_names)
        return body


def project_id_of(row: Any) -> int:
    if isinstance(row, Project):
        return row.pk
    return row.project_id if hasattr(row, "project_id") else row.annotation.project_id


def _id(person: Any) -> Any:
    return person.get("id") if isinstance(person, dict) else person
