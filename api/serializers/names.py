"""People as the reader may know them.

Annotators learn who reviewed them only where the project says so (`show_reviewer_names`); a reviewer who may decide a contested
rejection does not learn who signed it; reviewers read pseudonyms where the project says that (`anonymize_annotations`).
"""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from reviews import disputes
from reviews.models import TaskReviewer
from tasks.models import Annotation, Project
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
    """Blanks other people's names in `hidden_names` of what is read."""

    hidden_names = ("created_by",)

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is not None and (shown := only_shown(request.user, row)) is not None:
            known = {self.faces(row).id(person) for person in shown}
            body |= {name: None for name in self.hidden_names if _id(body.get(name)) not in known}
        return body


def only_shown(user: Any, row: Any) -> set[int] | None:
    """The people `user` may learn of as actors of this row; None: everybody. Of a contested annotation that is its author alone:
    with the other reviewers named, the one that is missing would be."""
    if names_hidden(user, project_of(row)):
        return {user.pk}
    annotation = row if isinstance(row, Annotation) else row.annotation
    if annotation is not None and disputes.is_hidden_from(user, annotation):
        return {user.pk, annotation.completed_by_id}
    return None


def project_of(row: Any) -> Any:
    return row.project if hasattr(row, "project_id") else row.annotation.project


def project_id_of(row: Any) -> int:
    if isinstance(row, Project):
        return row.pk
    return row.project_id if hasattr(row, "project_id") else row.annotation.project_id


def names_hidden(user: Any, project: Any) -> bool:
    return not project.show_reviewer_names and not may(user, "view_all_annotations", project)


def names_shown_to(user: Any, annotation: str | None = "") -> Q:
    """Rows of projects in which `user` may learn who reviewed what. `annotation` is the way from the row to its annotation,
    None where the row is a task."""
    everything = within(user, "view_all_annotations")
    of_project = everything | Q(project__show_reviewer_names=True) if everything else everything
    return of_project & ~contested_for(user, annotation)


def contested_for(user: Any, annotation: str | None) -> Q:
    """The rows that would tell `user` who signed a contested rejection they may decide."""
    if annotation is not None:
        return disputes.hidden_from(user, annotation)
    if not within(user, "manage_project"):
        return Q(pk__in=[])
    return Q(Exists(Annotation.objects.filter(disputes.hidden_from(user), task=OuterRef("pk"), deleted_at=None)))


def reviewers_shown_to(user: Any) -> QuerySet[TaskReviewer]:
    """Who reviewed which task, as far as `user` may learn it."""
    found = TaskReviewer.objects.all()
    if not within(user, "manage_project"):
        return found
    contested = Annotation.objects.filter(disputes.hidden_from(user), task=OuterRef("task_id"), deleted_at=None)
    return found.filter(Q(user=user) | ~Exists(contested))


def _id(person: Any) -> Any:
    return person.get("id") if isinstance(person, dict) else person
