"""A copy of a project: its settings, and if wanted its members and the data of its tasks."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from users.models import User
from users.sentences import sentence as _

from ..errors import Refused
from ..models import Membership, Project, Task, Upload
from ..sql import streamed
from . import members, projects, tasks

MOST_TASKS = 20_000
BATCH = 1000
# Of one project only: who made it and when, and what the copy gets of its own.
NOT_COPIED = {
    "id",
    "title",
    "created_by",
    "created_at",
    "updated_at",
    "deleted_at",
    "pinned_at",
    "review_sample_seed",
    "label_config_version",
}


def duplicate(
    project: Project,
    *,
    actor: User,
    title: str,
    description: str | None = None,
    with_tasks: bool = False,
    with_members: bool = False,
) -> Project:
    """All or nothing. Annotations, predictions and verdicts stay behind: a copy is for new work."""
    settings = {
        field.name: getattr(project, field.name)
        for field in Project._meta.concrete_fields
        if field.name not in NOT_COPIED
    }
    if description is not None:
        settings["description"] = description
    if with_tasks and Upload.objects.filter(project=project).exists():
        raise Refused(
            "has_uploads",
            _(
                "Files that were uploaded to a project are shown in that project only. "
                "Duplicate its settings, then import the files into the copy."
            ),
            field="mode",
        )
    if with_tasks and _tasks_of(project).count() > MOST_TASKS:
        raise Refused(
            "too_many_tasks",
            _(
                "The project has more than %(most)s tasks. Duplicate its settings, "
                "then export its tasks and import them into the copy.",
                most=MOST_TASKS,
            ),
            field="mode",
        )
    with transaction.atomic():
        copy = projects.create(actor=actor, title=title, **settings)
        if with_members:
            for row in Membership.objects.filter(project=project).exclude(user=actor).select_related("user"):
                members.set_role(copy, row.user, row.role, actor=actor)
        for some in _batches(project) if with_tasks else ():
            tasks.create_many(copy, some, actor=actor)
    return copy


def _tasks_of(project: Project) -> QuerySet[Task]:
    return Task.objects.filter(project=project, deleted_at=None)


def _batches(project: Project) -> Iterator[list[dict[str, Any]]]:
    """Without `unique_id` and `external_id`, which name the tasks of the original."""
    rows = _tasks_of(project).order_by("pk").values("data", "meta", "allow_skip")
    some: list[dict[str, Any]] = []
    for row in streamed(rows, BATCH):
        some.append(dict(row))
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some
