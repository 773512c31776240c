"""Work that waits for somebody inactive: returned annotations, open assignments, drafts.

It stays there until a manager reassigns it to somebody, or to the pool: then whoever draws it next does it.
"""

from typing import Any

from django.db.models import BigIntegerField, CharField, F, QuerySet, Value

from ..models import Annotation, Assignment, Draft, Project
from ..state import RETURNED_TO_SOMEBODY
from .assignments import open_assignments
from .members import inactive, why_inactive

RETURNED, ASSIGNED, DRAFT = "returned", "assignment", "draft"
_NO_ANNOTATION = Value(None, BigIntegerField())


def returned_to_inactive(project: Project) -> QuerySet[Annotation]:
    waiting = Annotation.objects.present().filter(RETURNED_TO_SOMEBODY, project=project, task__closed_at=None)
    return waiting.filter(inactive("returned_to", project))


def assigned_to_inactive(project: Project) -> QuerySet[Assignment]:
    return open_assignments(project).filter(inactive("user", project))


def drafts_of_inactive(project: Project) -> QuerySet[Draft]:
    unfinished = Draft.objects.filter(
        task__project=project, task__deleted_at=None, task__closed_at=None, task__is_labeled=False
    )
    return unfinished.filter(inactive("user", project))


def of_project(project: Project) -> QuerySet:
    """Rows `{kind, id, task, about (an annotation), person, why, since}` of all three, oldest first.

    Of a draft only the id is given: its content is private to its author.
    """
    lists: tuple[tuple[str, QuerySet, str, Any, str], ...] = (
        (RETURNED, returned_to_inactive(project), "returned_to", F("pk"), "returned_at"),
        (ASSIGNED, assigned_to_inactive(project), "user", _NO_ANNOTATION, "created_at"),
        (DRAFT, drafts_of_inactive(project), "user", F("annotation_id"), "created_at"),
    )
    rows = [
        found.order_by()
        .annotate(why=why_inactive(person, project))
        .values(
            "task", "why", "id", kind=Value(kind, CharField()), person=F(person), about=about, since=F(since)
        )
        for kind, found, person, about, since in lists
    ]
    return rows[0].union(*rows[1:], all=True).order_by("since", "kind", "id")
