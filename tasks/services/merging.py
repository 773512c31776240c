"""What a placeholder's annotations and assignments become when it is merged into a person
(users/merging.py).
"""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone

from users.errors import Refused
from users.merging import Merging, person_merging
from users.models import User
from users.sentences import sentence as _

from .. import counters, events
from ..models import Annotation, Assignment, Task
from ..roles import may
from ..sql import update_rows
from . import assignments

BATCH = 1000  # annotations
# The fields of an annotation that name people.
PEOPLE = ("completed_by", "written_by", "version_author", "last_created_by", "updated_by", "returned_to")


@receiver(person_merging)
def move_work(merging: Merging, **_: object) -> None:
    _require_manager(merging)
    merging.counts["annotations"] = 0
    merging.ids["annotations"] = []
    for annotations in _batches(merging.placeholder):
        _move(annotations, merging)
        merging.counts["annotations"] += len(annotations)
        merging.ids["annotations"] += [annotation.pk for annotation in annotations]
    _move_assignments(merging)


def _require_manager(merging: Merging) -> None:
    """Of every project the placeholder has work in; without any, of the site."""
    projects = set(_work_of(merging.placeholder).order_by().values_list("project_id", flat=True).distinct())
    manages_all = all(may(merging.actor, "manage_members", project) for project in projects)
    if not manages_all or (not projects and not merging.actor.runs_site):
        raise Refused(
            "permission_denied",
            _("Only somebody who manages every project this placeholder has work in can merge it."),
            status=403,
        )


def _work_of(user: User) -> QuerySet[Annotation]:
    """Deleted annotations too: they may be restored."""
    theirs = Q()
    for name in PEOPLE:
        theirs |= Q(**{name: user})
    return Annotation.objects.filter(theirs)


def _batches(placeholder: User) -> Iterator[list[Annotation]]:
    """Locked, each batch from one project, as events are."""
    ids = list(_work_of(placeholder).order_by("project_id", "pk").values_list("project_id", "pk"))
    for project in dict.fromkeys(project for project, _pk in ids):
        within = [pk for of, pk in ids if of == project]
        for start in range(0, len(within), BATCH):
            yield list(Annotation.objects.select_related("project").lock(within[start : start + BATCH]))


def _move(annotations: list[Annotation], merging: Merging) -> None:
    locked = Task.objects.select_related("project").lock(a.task_id for a in annotations)
    tasks = {task.pk: task for task in locked}
    for annotation in annotations:
        annotation.task = tasks[annotation.task_id]
        for name in PEOPLE:
            if getattr(annotation, f"{name}_id") == merging.placeholder.pk:
                setattr(annotation, name, merging.person)
        annotation.annotation_seq += 1
        annotation.updated_at = timezone.now()
    update_rows(annotations, [*PEOPLE, "annotation_seq", "updated_at"])
    counters.recount(list(tasks.values()), actor=merging.actor)
    _emit([a for a in annotations if not (a.deleted_at or a.is_draft or a.task.deleted_at)], merging.actor)


def _emit(annotations: list[Annotation], actor: User) -> None:
    if annotations:
        tasks = {annotation.task_id: annotation.task for annotation in annotations}
        events.emit(
            events.ANNOTATION_TOUCHED,
            annotations[0].project,
            actor=actor,
            tasks=tuple(tasks.values()),
            annotations=tuple(annotations),
        )


def _move_assignments(merging: Merging) -> None:
    given = Assignment.objects.filter(user=merging.placeholder)
    by_project: dict[int, list[assignments.Row]] = defaultdict(list)
    for row in given.select_related("task"):
        by_project[row.task.project_id].append((row.task_id, merging.person.pk, row.type))
    for project_id, rows in by_project.items():
        # The person may be assigned to some of these tasks already.
        assignments.add(project_id, rows, actor=merging.actor)
    assignments.remove(given, actor=merging.actor)
