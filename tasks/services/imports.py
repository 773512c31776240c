"""Taking an import back."""

from django.db import transaction

from users.models import User

from ..errors import Refused
from ..models import History, Import, Task
from . import tasks


def take_back(record: Import, *, actor: User, force: bool = False) -> int:
    """Mark the tasks of an import deleted. Refuses once somebody else has worked on them, unless forced.
    Raises Refused."""
    with transaction.atomic():
        ids = list(Task.objects.filter(imported_by=record, deleted_at=None).values_list("pk", flat=True))
        touched = 0 if force else _worked_on_by_others(record, ids, actor)
        if touched:
            raise Refused(
                "work_since_import",
                f"Others have worked on {touched} of these tasks since. Force it to delete them all the "
                f"same.",
            )
        return tasks.delete_many(record.project, ids, actor=actor)


def _worked_on_by_others(record: Import, ids: list[int], actor: User) -> int:
    """On how many of these tasks somebody did something after the import. It notes the last row of history it
    wrote."""
    since = History.objects.filter(
        annotation__task__in=ids, pk__gt=record.report.get("last_history", 0)
    ).exclude(created_by=actor)
    return since.values("annotation__task").distinct().count()
