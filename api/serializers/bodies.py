"""Bodies without a reader: what webhooks and exports freeze. Plain JSON types, times as on the wire."""

import json
from typing import Any

from rest_framework.renderers import JSONRenderer

from reviews.models import Review
from tasks.choices import FinalState
from tasks.models import Annotation, Project, Task
from users.models import User

from .annotations import AnnotationBodySerializer
from .projects import ProjectSerializer
from .reviews import ReviewSerializer
from .tasks import TaskBodySerializer
from .users import PersonSerializer

Body = dict[str, Any]
# One of each for all bodies: a serializer builds its fields anew, which takes ten times as long as using them. A project's
# remembers the totals it has read, so that one is made each time.
_ANNOTATION, _TASK, _REVIEW, _PERSON = (
    AnnotationBodySerializer(),
    TaskBodySerializer(),
    ReviewSerializer(),
    PersonSerializer(),
)


def annotation_body(annotation: Annotation) -> Body:
    """The GET body with int user ids and without what depends on who reads it."""
    return _plain(_ANNOTATION.to_representation(annotation))


def task_body(task: Task) -> Body:
    return _plain(_TASK.to_representation(task))


def task_summary(task: Task) -> Body:
    return {
        "id": task.pk,
        "unique_id": str(task.unique_id),
        "inner_id": task.inner_id,
        "reviewed": task.reviewed,
        "final_state": str(FinalState(task.final_state)),
    }


def project_body(project: Project) -> Body:
    return _plain(ProjectSerializer(project).data)


def review_body(review: Review) -> Body:
    return _plain(_REVIEW.to_representation(review))


def person_body(user: User) -> Body:
    return _plain(_PERSON.to_representation(user))


def _plain(data: Any) -> Body:
    """UUIDs and the like as the renderer would write them."""
    return json.loads(JSONRenderer().render(data))
