"""Domain events: how an app learns of changes in the apps below it.

One signal, which carries a tuple of one frozen dataclass. It is sent *inside* the transaction while the rows
are locked, so a listener that fails rolls the change back. Listeners are called in the order of
INSTALLED_APPS: reviews before webhooks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

if TYPE_CHECKING:
    from users.models import User

    from .models import Annotation, Project, Task

domain_events = Signal()

PROJECT_CREATED = "project_created"
PROJECT_UPDATED = "project_updated"
PROJECT_DELETED = "project_deleted"
TASKS_CREATED = "tasks_created"
TASKS_DELETED = "tasks_deleted"  # annotations: those of the tasks on which a verdict stands
TASKS_RESTORED = "tasks_restored"  # follows TASKS_CREATED
TASK_DATA_CHANGED = "task_data_changed"
ANNOTATIONS_CREATED = "annotations_created"
ANNOTATION_EDITED = "annotation_edited"  # a new version: result or skip flag
# Anything else changed; detail, if a request changed fields: changed, their names.
ANNOTATION_TOUCHED = "annotation_touched"
ANNOTATION_CONVERTED = "annotation_converted"  # back into a draft
ANNOTATIONS_DELETED = "annotations_deleted"
ANNOTATION_RESTORED = "annotation_restored"
PREDICTIONS_CHANGED = "predictions_changed"  # the lowest score of these tasks changed
OVERLAP_CHANGED = "overlap_changed"  # tasks may have become finished or unfinished
MEMBER_RELEASED = "member_released"  # paused, removed or in another role; subjects: the person
PLACE_TAKEN = (
    "place_taken"  # the actor has a task of the label stream; detail: place, the id of the reservation
)
MEMBER_ADDED = "member_added"  # subjects: the membership, also of the next two
MEMBER_CHANGED = "member_changed"  # another role, paused, or no longer
MEMBER_REMOVED = "member_removed"
ASSIGNED = "assigned"  # subjects: the new assignments
UNASSIGNED = "unassigned"  # subjects: those that are gone
TASK_CLOSED = "task_closed"  # without an answer, by a manager
TASK_OPENED = "task_opened"  # no longer closed
# Of an app above, whose objects only it knows; detail: action, and body as it is sent to webhooks.
APP_EVENT = "app_event"
REVIEW_SETTINGS_CHANGED = "review_settings_changed"  # detail: changed, the names of the settings


@dataclass(frozen=True)
class DomainEvent:
    """`subjects` are the other objects concerned; `detail` has what else listeners need, by name."""

    kind: str
    project: "Project"
    actor: "User | None" = None
    tasks: "tuple[Task, ...]" = ()
    annotations: "tuple[Annotation, ...]" = ()
    subjects: tuple[Any, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def annotation(self) -> "Annotation":
        return self.annotations[0]

    @property
    def task(self) -> "Task":
        return self.tasks[0]


def emit(kind: str, project: "Project", **about: Any) -> None:
    emit_all([DomainEvent(kind, project, **about)])


def emit_all(events: Iterable[DomainEvent]) -> None:
    """Send the events of one change together, in order, so that listeners can write rows for all at once."""
    if events := tuple(events):
        domain_events.send(sender=DomainEvent, events=events)
