"""What the bodies of events are made of, frozen with api's serializers while the rows are locked.

Label Studio's actions have its shape: `{"action", "<key>": object or list, "project", "task" for annotations}`. The events
of a review have the brief's five keys first. Beyond LIMIT bytes a body keeps ids and a link.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone

from api.serializers.bodies import (
    annotation_body,
    person_body,
    project_body,
    review_body,
    task_body,
    task_summary,
)
from reviews.models import Review
from tasks.events import Happened
from tasks.models import Annotation, Project, Task

Body = dict[str, Any]
LIMIT = 20_000  # bytes
# Objects in one body, which are ids then and fit into LIMIT, however large.
TASKS_AT_MOST, ANNOTATIONS_AT_MOST, REVIEWS_AT_MOST = 1_000, 300, 150
# More objects than this never fit into LIMIT, so nobody need try.
WHOLE_AT_MOST = 30
# Where an object is, and what it keeps when it becomes a link.
PATHS = {
    "annotation": "annotations",
    "task": "tasks",
    "tasks": "tasks",
    "review": "annotation-reviews",
    "project": "projects",
}
KEPT = ("id", "unique_id", "title", "task", "project", "last_action", "annotation_seq")
WIRE_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class Scene:
    """What happened, with what its bodies share read once for all of them."""

    def __init__(self, event: Happened):
        self.event = event
        self.project = event.project
        self._tasks = {task.pk: task for task in event.tasks}
        self._project_body: Body | None = None
        self._review_bodies: dict[int, Body] = {}
        prefetch_related_objects(list(event.annotations), "completed_by")
        self.reviews = [subject for subject in event.subjects if isinstance(subject, Review)]
        prefetch_related_objects(self.reviews, "created_by", "fixed_version")

    @property
    def is_about_work(self) -> bool:
        """Not about the project itself."""
        return bool(self.event.tasks or self.event.annotations or self.event.subjects)

    @property
    def whole_project(self) -> Body:
        if self._project_body is None:
            self._project_body = project_body(self.project)
        return self._project_body

    def review_body(self, review: Review) -> Body:
        """The same for Label Studio's event and for the brief's."""
        if review.pk not in self._review_bodies:
            self._review_bodies[review.pk] = _of_review(self, review)
        return self._review_bodies[review.pk]

    def task_of(self, annotation: Annotation) -> Task:
        """The locked task, whose counters are those of now."""
        return self._tasks.get(annotation.task_id) or annotation.task


def chunks(objects: Iterable[Any], at_most: int) -> Iterator[tuple[Any, ...]]:
    objects = tuple(objects)
    for start in range(0, len(objects), at_most):
        yield objects[start : start + at_most]


# --- Label Studio's ---------------------------------------------------------------------------------


def of_project(scene: Scene, project: Project) -> Body:
    return {"project": scene.whole_project}


def of_deleted_project(scene: Scene, project: Project) -> Body:
    return {"project": _summary(project)}


def of_tasks(scene: Scene, tasks: tuple[Task, ...]) -> Body:
    if len(tasks) > WHOLE_AT_MOST:
        return _ids_only(scene, {"tasks": [{"id": task.pk} for task in tasks]}, "tasks")
    return {"tasks": [task_body(task) for task in tasks], "project": scene.whole_project}


def of_deleted_tasks(scene: Scene, tasks: tuple[Task, ...]) -> Body:
    return {"tasks": [{"id": task.pk} for task in tasks], "project": _summary(scene.project)}


def of_annotation(scene: Scene, annotation: Annotation) -> Body:
    return {
        "annotation": annotation_body(annotation),
        "project": scene.whole_project,
        "task": task_body(scene.task_of(annotation)),
        "annotation_seq": annotation.annotation_seq,
    }


def of_annotations(scene: Scene, annotations: tuple[Annotation, ...]) -> Body:
    """Label Studio's keys are in the singular here, with lists."""
    if len(annotations) > WHOLE_AT_MOST:
        return _ids_only(scene, {"annotation": [_annotation_ids(a) for a in annotations]}, "annotations")
    tasks = {a.task_id: scene.task_of(a) for a in annotations}
    return {
        "annotation": [annotation_body(a) for a in annotations],
        "project": scene.whole_project,
        "task": [task_body(task) for task in tasks.values()],
    }


def of_deleted_annotations(scene: Scene, annotations: tuple[Annotation, ...]) -> Body:
    return {"annotations": [_annotation_ids(a) for a in annotations], "project": _summary(scene.project)}


def of_review(scene: Scene, review: Review) -> Body:
    return scene.review_body(review)


def _of_review(scene: Scene, review: Review) -> Body:
    annotation = review.annotation
    return {
        "review": review_body(review),
        "annotation": annotation_body(annotation),
        "reviewer": person_body(review.created_by),
        "comment": review.comment or None,
        "task": task_summary(scene.task_of(annotation)),
        "project": _summary(scene.project),
        "annotation_seq": annotation.annotation_seq,
    }


def of_deleted_reviews(scene: Scene, reviews: tuple[Review, ...]) -> Body:
    items = [
        {
            "id": review.pk,
            "annotation": review.annotation_id,
            "task": review.task_id,
            "project": review.project_id,
            "annotation_seq": review.annotation.annotation_seq,
        }
        for review in reviews
    ]
    return {"reviews": items, "project": _summary(scene.project)}


# --- the brief's, and ours beside them --------------------------------------------------------------


def of_verdict(scene: Scene, review: Review) -> Body:
    """`event` is put before these. The timestamp is the review's, so that it is the same on every attempt."""
    return _five_keys_first(of_review(scene, review), at=review.created_at)


def of_withdrawal(scene: Scene, review: Review) -> Body:
    actor = scene.event.actor
    more = {"reason": scene.event.detail["reason"], "actor": person_body(actor) if actor else None}
    return _five_keys_first(of_review(scene, review), at=timezone.now()) | more


def of_turned_task(scene: Scene, task: Task) -> Body:
    return {
        "task": task_summary(task),
        "project": _summary(scene.project),
        "timestamp": timezone.now().strftime(WIRE_TIME),
    }


def of_ping(scene: Scene, webhook: Any) -> Body:
    """Nothing has happened; this says only who asked, and when."""
    actor = scene.event.actor
    asked = {"webhook": {"id": webhook.pk}, "actor": person_body(actor) if actor else None}
    return asked | {"timestamp": timezone.now().strftime(WIRE_TIME)}


def _five_keys_first(body: Body, *, at: Any) -> Body:
    first = {"annotation": body["annotation"], "reviewer": body["reviewer"], "comment": body["comment"]}
    return first | {"timestamp": at.strftime(WIRE_TIME)} | body


# --- small ------------------------------------------------------------------------------------------


def _summary(project: Project) -> Body:
    return {"id": project.pk, "title": project.title}


def _annotation_ids(annotation: Annotation) -> Body:
    return {"id": annotation.pk, "task": annotation.task_id, "annotation_seq": annotation.annotation_seq}


def _ids_only(scene: Scene, body: Body, path: str) -> Body:
    link = f"{settings.BASE_URL}/api/{path}/?project={scene.project.pk}"
    return body | {"project": _summary(scene.project), "truncated": True, "link": link}


def as_text(body: Body, scene: Scene) -> str:
    """The bytes as they are sent, from now on: large bodies lose the project's settings first, then results and data."""
    text = _dumps(body)
    if len(text.encode()) > LIMIT and "project" in body and scene.is_about_work:
        body = body | {"project": _summary(scene.project)}
        text = _dumps(body)
    return text if len(text.encode()) <= LIMIT else _dumps(shortened(body))


def shortened(body: Body) -> Body:
    """Objects become ids and a link to where they are."""
    short = {key: _short(value, PATHS[key]) if key in PATHS else value for key, value in body.items()}
    return short | {"truncated": True}


def _short(value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_short(item, path) for item in value]
    kept = {key: value[key] for key in KEPT if key in value}
    return kept | {"link": f"{settings.BASE_URL}/api/{path}/{value['id']}/"}


def _dumps(body: Body) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
