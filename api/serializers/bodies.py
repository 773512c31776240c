"""Bodies without a reader: what webhooks and exports freeze. Plain JSON types, times as on the wire."""

import json
from typing import Any

from rest_framework.renderers import JSONRenderer

from reviews.models import Review
from tasks.models import Annotation, Project, Task
from users.models import User

from .annotations import AnnotationBodySerializer
from .people import PersonSerializer
from .projects import ProjectSerializer
from .reviews import ReviewSerializer
from .tasks import TaskBodySerializer

Body = dict[str, Any]


def annotation_body(annotation: Annotation) -> Body:
    """The GET body with int user ids and without what depends on who reads it."""
    return _plain(AnnotationBodySerializer(annotation).data)


def task_body(task: Task) -> Body:
    return _plain(TaskBodySerializer(task).data)


def task_summary(task: Task) -> Body:
    return {"id": task.pk, "unique_id": str(task.unique_id), "inner_id": task.inner_id, "reviewed": task.reviewed}


def project_body(project: Project) -> Body:
    return _plain(ProjectSerializer(project).data)


def review_body(review: Review) -> Body:
    return _plain(ReviewSerializer(review).data)


def person_body(user: User) -> Body:
    return _plain(PersonSerializer(user).data)


def _plain(data: Any) -> Body:
    """UUIDs and the like as the renderer would write them."""
    return json.loads(JSONRenderer().render(data))
