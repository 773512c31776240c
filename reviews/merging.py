""" "This placeholder is …": what was imported under a made-up name becomes the work of a person (rules §5).

History and reviews are append-only: they go on naming the placeholder, who stays, inactive.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tasks import counters as task_counters
from tasks import events as task_events
from tasks.errors import Refused
from tasks.models import Annotation, Assignment, Task
from tasks.roles import may
from tasks.sql import update_rows
from users.models import User

from .models import Comment, Review

BATCH = 1000  # annotations
THEIRS = ("completed_by", "written_by", "version_author", "last_created_by", "updated_by", "returned_to")
NAMED = 100  # self-reviews are named one by one up to here


@dataclass
class Merged:
    """`self_reviews`: verdicts that stand on what turned out to be the reviewer's own work. They go on standing."""

    annotations: int = 0
    comments: int = 0
    self_reviews: list[dict[str, int]] = field(default_factory=list)
    self_review_count: int = 0


def merge(placeholder: User, person: User, *, actor: Any) -> Merged:
    """Everything of the placeholder's is the person's from now on. For whoever manages every project it has work in."""
    _refuse(placeholder, person)
    merged = Merged()
    with transaction.atomic():
        _refuse_strangers(placeholder, actor)
        for annotations in _batches(placeholder):
            _hand_over(annotations, placeholder, person, actor)
            merged.annotations += len(annotations)
            _note_self_reviews(merged, annotations, person)
        merged.comments = Comment.objects.filter(created_by=placeholder).update(created_by=person)
        _hand_over_assignments(placeholder, person)
    return merged


def _refuse(placeholder: User, person: User) -> None:
    if not placeholder.is_placeholder:
        raise Refused(
            "not_a_placeholder",
            "This is a person. Only placeholders, made by an import, are merged into people.",
        )
    if person.is_placeholder or not person.is_active:
        raise Refused(
            "not_a_person",
            "A placeholder is merged into somebody active, who is no placeholder.",
            field="into",
        )


def _refuse_strangers(placeholder: User, actor: Any) -> None:
    projects = set(_work_of(placeholder).order_by().values_list("project_id", flat=True).distinct())
    if (
        not projects
        and not actor.runs_site
        or not all(may(actor, "manage_members", project) for project in projects)
    ):
        detail = "Only somebody who manages every project this placeholder has work in may say who it is."
        raise Refused("permission_denied", detail, status=403)


def _work_of(user: User) -> Any:
    """Deleted work too: it may come back."""
    theirs = Q()
    for name in THEIRS:
        theirs |= Q(**{name: user})
    return Annotation.objects.filter(theirs)


def _batches(placeholder: User) -> Iterator[list[Annotation]]:
    """Of one project each: events are."""
    ids = list(_work_of(placeholder).order_by("project_id", "pk").values_list("project_id", "pk"))
    for project in dict.fromkeys(project for project, _ in ids):
        mine = [pk for of, pk in ids if of == project]
        for start in range(0, len(mine), BATCH):
            yield list(Annotation.objects.select_related("project").lock(mine[start : start + BATCH]))


def _hand_over(annotations: list[Annotation], placeholder: User, person: User, actor: Any) -> None:
    tasks = {
        task.pk: task for task in Task.objects.select_related("project").lock(a.task_id for a in annotations)
    }
    for annotation in annotations:
        annotation.task = tasks[annotation.task_id]
        for name in THEIRS:
            if getattr(annotation, f"{name}_id") == placeholder.pk:
                setattr(annotation, name, person)
        annotation.annotation_seq += 1
        annotation.updated_at = timezone.now()
    update_rows(annotations, [*THEIRS, "annotation_seq", "updated_at"])
    task_counters.recount(list(tasks.values()), actor=actor)
    _tell([a for a in annotations if not (a.deleted_at or a.is_draft or a.task.deleted_at)], actor)


def _tell(annotations: list[Annotation], actor: Any) -> None:
    if annotations:
        about = {
            "tasks": tuple({a.task_id: a.task for a in annotations}.values()),
            "annotations": tuple(annotations),
        }
        task_events.tell(task_events.ANNOTATION_TOUCHED, annotations[0].project, actor=actor, **about)


def _note_self_reviews(merged: Merged, annotations: list[Annotation], person: User) -> None:
    own = [annotation.pk for annotation in annotations if annotation.is_work_of(person)]
    found = Review.objects.standing().filter(annotation__in=own, created_by=person).order_by("pk")
    for review in found.values("id", "annotation", "task", "project"):
        merged.self_review_count += 1
        if merged.self_review_count <= NAMED:
            merged.self_reviews.append(review)


def _hand_over_assignments(placeholder: User, person: User) -> None:
    given = Assignment.objects.filter(user=placeholder)
    rows = [Assignment(task_id=a.task_id, user=person, type=a.type) for a in given]
    Assignment.objects.bulk_create(rows, ignore_conflicts=True)
    given.delete()
