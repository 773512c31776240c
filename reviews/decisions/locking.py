"""Lock annotations and their tasks, then read what planning depends on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import prefetch_related_objects
from django.utils import timezone

from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.services import annotations as annotation_service
from users.models import User
from users.sentences import sentence as _

from ..models import Review

Standing = dict[int, Review]


@dataclass(frozen=True)
class Locked:
    """Annotations of one project, ordered by id, their tasks, and the standing reviews by annotation id.

    `at` is the instant of whatever is decided about them: after the locks, so that it follows what they
    waited for.
    """

    annotations: list[Annotation]
    tasks: list[Task]
    standing: Standing
    at: datetime = field(default_factory=timezone.now)


def lock_one(annotation: Annotation | int, actor: User, *, seen_versions: bool = False) -> Locked:
    """An id (as a request names it, instead of a row) must be visible to `actor`. Raises Refused(404).

    `seen_versions` also reads the versions that the reviews were given on, which undoing a fix restores.
    """
    if isinstance(annotation, Annotation):
        found, task = annotation_service.lock(annotation.pk)
    else:
        found, task = annotation_service.lock(annotation, visible_to=actor)
    return _with_reviews([found], [task], seen_versions=seen_versions)


def lock_selection(annotation_ids: Iterable[int], *, seen_versions: bool = False) -> Locked:
    """The annotations that still exist. Raises Refused if none does, or if they are of several projects."""
    # All annotations by id, then all tasks by id: the lock order of tasks/locks.py.
    rows = Annotation.objects.lock(annotation_ids)
    return _selection(rows, Task.objects.lock, seen_versions=seen_versions)


def read_selection(annotation_ids: Iterable[int], *, seen_versions: bool = False) -> Locked:
    """The same without locks, to say what would happen. Results are not read, unless planning asks."""
    rows = Annotation.objects.filter(pk__in=set(annotation_ids)).order_by("pk").defer("result")
    return _selection(rows, lambda ids: Task.objects.filter(pk__in=set(ids)), seen_versions=seen_versions)


def _selection(
    rows: Iterable[Annotation],
    tasks_of: Callable[[Iterable[int]], Iterable[Task]],
    *,
    seen_versions: bool,
) -> Locked:
    found = [annotation for annotation in rows if annotation.deleted_at is None]
    if not found:
        raise Refused("nothing_selected", _("None of the selected annotations still exist."))
    if len({annotation.project_id for annotation in found}) > 1:
        raise Refused("mixed_projects", _("The annotations of a selection must belong to one project."))
    # Prefetched, not joined: one object for each person and project instead of one for each row.
    prefetch_related_objects(found, "completed_by", "project")
    project = found[0].project
    tasks = list(tasks_of(annotation.task_id for annotation in found))
    by_id = {task.pk: task for task in tasks}
    for task in tasks:
        task.project = project
    for annotation in found:
        annotation.task = by_id[annotation.task_id]
    return _with_reviews(found, tasks, seen_versions=seen_versions)


def _with_reviews(annotations: list[Annotation], tasks: list[Task], *, seen_versions: bool) -> Locked:
    # Only then does a guard ask who the tasks are assigned to.
    if annotations[0].project.review_only_manual_assignments:
        prefetch_related_objects(tasks, "assignments")
    return Locked(annotations, tasks, standing_reviews(annotations, seen_versions=seen_versions))


def standing_reviews(annotations: Iterable[Annotation], *, seen_versions: bool = False) -> Standing:
    """Annotation id → its standing review. Annotations without one are left out."""
    ids = [annotation.standing_review_id for annotation in annotations if annotation.standing_review_id]
    if not ids:
        return {}
    found = Review.objects.filter(pk__in=ids)
    return {r.annotation_id: r for r in (found.select_related("seen_version") if seen_versions else found)}
