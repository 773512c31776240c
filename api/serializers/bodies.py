"""Bodies without a reader: what webhooks and exports store. Plain JSON types, times as on the wire."""

import json

from rest_framework.utils.encoders import JSONEncoder

from tasks.choices import FinalState
from tasks.models import Project, Task
from users.models import User

from .annotations import annotation_body
from .projects import ProjectSerializer
from .reviews import comment_body, review_body
from .tasks import task_body
from .values import Body

__all__ = [
    "annotation_body",
    "comment_body",
    "person_body",
    "project_body",
    "review_body",
    "task_body",
    "task_summary",
]


def task_summary(task: Task) -> Body:
    return {
        "id": task.pk,
        "unique_id": str(task.unique_id),
        "inner_id": task.inner_id,
        "reviewed": task.reviewed,
        "final_state": str(FinalState(task.final_state)),
    }


def project_body(project: Project) -> Body:
    return json.loads(json.dumps(ProjectSerializer(project).data, cls=JSONEncoder))


def person_body(user: User) -> Body:
    return {"id": user.pk, "email": user.email, "first_name": user.first_name, "last_name": user.last_name}
