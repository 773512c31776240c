"""Who may know who reviewed what.

Annotators see the names of their reviewers only if the project allows it (`show_reviewer_names`). A reviewer
who may decide a contested rejection must not see who signed it.
"""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tasks.models import Annotation
from tasks.querysets import within
from tasks.roles import may
from users.models import User

from . import disputes
from .models import TaskReviewer


def visible_actors(user: User, row: Any) -> set[int] | None:
    """The people that `user` may see as actors of this row; None: everybody.

    For a contested annotation it is only its author: naming the other reviewers would
    give away the missing one.
    """
    if names_hidden(user, project_of(row)):
        return {user.pk}
    annotation = row if isinstance(row, Annotation) else row.annotation
    if annotation is not None and disputes.is_hidden_from(user, annotation):
        return {user.pk, annotation.completed_by_id}
    return None


def project_of(row: Any) -> Any:
    return row.project if hasattr(row, "project_id") else row.annotation.project


def names_hidden(user: User, project: Any) -> bool:
    return not project.show_reviewer_names and not may(user, "view_all_annotations", project)


def names_shown_to(user: User, annotation: str = "") -> Q:
    """Rows of which `user` may know the reviewers. `annotation` is the path from a row to its annotation."""
    everything = within(user, "view_all_annotations")
    # An empty Q stands for everything: nothing may be added to it by OR.
    of_project = everything | Q(project__show_reviewer_names=True) if everything else everything
    return of_project & ~contested_for(user, annotation)


def contested_for(user: User, annotation: str | None) -> Q:
    """The rows that would show `user` who signed a contested rejection that they may decide. `annotation` is
    the path from the row to its annotation; None: the row is a task."""
    if annotation is not None:
        return disputes.hidden_from(user, annotation)
    # An empty condition: they manage every project, so nothing is hidden from them.
    if not within(user, "manage_project"):
        return Q(pk__in=[])
    return Q(
        Exists(Annotation.objects.filter(disputes.hidden_from(user), task=OuterRef("pk"), deleted_at=None))
    )


def reviewers_shown_to(user: User) -> QuerySet[TaskReviewer]:
    """Who reviewed which task, as far as `user` may know."""
    found = TaskReviewer.objects.all()
    if not within(user, "manage_project"):
        return found
    contested = Annotation.objects.filter(
        disputes.hidden_from(user), task=OuterRef("task_id"), deleted_at=None
    )
    return found.filter(Q(user=user) | ~Exists(contested))
