"""The bodies of events, built while the rows are locked, so that they say what was true at the change.

Label Studio's actions have its shape: `{"action", "<key>": object or list, "project", "task" for
annotations}`. The review events begin with `event`, `annotation`, `reviewer`, `comment` and `timestamp`. A
body of more than LIMIT bytes keeps ids and a link instead of its objects.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone

from api.serializers.bodies import (
    annotation_body,
    comment_body,
    person_body,
    project_body,
    review_body,
    task_body,
    task_summary,
)
from reviews.models import Comment, Dispute, Review
from tasks.events import DomainEvent
from tasks.models import Annotation, Assignment, Membership, Project, Task
from users.sentences import in_english

from .models import Webhook

T = TypeVar("T")
Body = dict[str, Any]  # JSON values, and Encoded ones where several bodies share an object
LIMIT = 20_000  # bytes
# Objects in one body: as many as fit into LIMIT when they are ids.
TASKS_AT_MOST, ANNOTATIONS_AT_MOST = 1_000, 300
# The same of what is deleted, which is named by `unique_id` and `external_id`, too.
DELETED_TASKS_AT_MOST, DELETED_ANNOTATIONS_AT_MOST, DELETED_REVIEWS_AT_MOST = 80, 120, 100
ASSIGNMENTS_AT_MOST = 50  # each names a person in full
SHORT_COMMENT = 1000  # characters of a comment that remain in a body that is too large
# More whole objects than this never fit into LIMIT.
WHOLE_AT_MOST = 30
# Where an object is, and what it keeps when it becomes a link.
PATHS = {
    "annotation": "annotations",
    "task": "tasks",
    "tasks": "tasks",
    "review": "annotation-reviews",
    "project": "projects",
}
KEPT = ("id", "unique_id", "external_id", "title", "task", "project", "last_action", "annotation_seq")
WIRE_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
# json.dumps with arguments would make one of these for each body.
# Whoever caused the event may read Chinese; the receiver gets English.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=in_english).encode


class Encoded(str):
    """JSON text of an object that occurs in several bodies of one change."""


class Context:
    """One event of a change.

    What its bodies share is built and encoded once; the events of a change share `encoded`.
    """

    def __init__(self, event: DomainEvent, encoded: dict[tuple[Any, int], Encoded] | None = None):
        self.event = event
        self.project = event.project
        self.reviews = [subject for subject in event.subjects if isinstance(subject, Review)]
        self._tasks = {task.pk: task for task in event.tasks}
        self._encoded = {} if encoded is None else encoded
        _load(event.annotations, "completed_by")
        _load(self.reviews, "created_by", "fixed_version")

    @property
    def is_about_work(self) -> bool:
        """Not about the project itself."""
        return bool(self.event.tasks or self.event.annotations or self.event.subjects)

    @property
    def whole_project(self) -> Encoded:
        return self.once(project_body, self.project)

    @property
    def project_summary(self) -> Encoded:
        return self.once(_summary, self.project)

    @property
    def actor(self) -> Encoded | None:
        return self.once(person_body, self.event.actor) if self.event.actor else None

    def task_of(self, annotation: Annotation) -> Task:
        """The locked task, whose counters are up to date."""
        return self._tasks.get(annotation.task_id) or annotation.task

    def once(self, build: Callable[[T], Body], subject: T) -> Encoded:
        key = (build, id(subject))  # the event keeps its objects alive
        found = self._encoded.get(key)
        if found is None:
            found = self._encoded[key] = Encoded(_encode(build(subject)))
        return found


def _load(objects: Sequence[Annotation] | Sequence[Review], *names: str) -> None:
    """Read these relations of all objects at once, where any object does not have them yet."""
    missing = [
        name
        for name in names
        if any(name not in o._state.fields_cache and getattr(o, f"{name}_id") is not None for o in objects)
    ]
    if missing:
        prefetch_related_objects(list(objects), *missing)


# --- Label Studio's ---------------------------------------------------------------------------------


def of_project(context: Context, project: Project) -> Body:
    return {"project": context.whole_project}


def of_deleted_project(context: Context, project: Project) -> Body:
    return {"project": context.project_summary}


def of_tasks(context: Context, tasks: tuple[Task, ...]) -> Body:
    if len(tasks) > WHOLE_AT_MOST:
        return _ids_only(context, {"tasks": [{"id": task.pk} for task in tasks]}, "tasks")
    return {"tasks": [task_body(task) for task in tasks], "project": context.whole_project}


def of_deleted_tasks(context: Context, tasks: tuple[Task, ...]) -> Body:
    return {"tasks": [_names(task) for task in tasks], "project": context.project_summary}


def of_annotation(context: Context, annotation: Annotation) -> Body:
    return {
        "annotation": context.once(annotation_body, annotation),
        "project": context.whole_project,
        "task": context.once(task_body, context.task_of(annotation)),
        "annotation_seq": annotation.annotation_seq,
    }


def of_updated_annotation(context: Context, annotation: Annotation) -> Body:
    """With the version that the change replaced; the current one where it made no new version."""
    before = getattr(annotation, "replaced_version_id", None) or annotation.current_version_id
    return of_annotation(context, annotation) | {"previous_annotation_history": before}


def of_annotations(context: Context, annotations: tuple[Annotation, ...]) -> Body:
    """Label Studio's keys are in the singular here, with lists."""
    if len(annotations) > WHOLE_AT_MOST:
        return _ids_only(context, {"annotation": [_annotation_ids(a) for a in annotations]}, "annotations")
    tasks = {a.task_id: context.task_of(a) for a in annotations}
    return {
        "annotation": [annotation_body(a) for a in annotations],
        "project": context.whole_project,
        "task": [task_body(task) for task in tasks.values()],
    }


def of_deleted_annotations(context: Context, annotations: tuple[Annotation, ...]) -> Body:
    items = [_names(annotation) | _annotation_ids(annotation) for annotation in annotations]
    return {"annotations": items, "project": context.project_summary}


def of_review(context: Context, review: Review) -> Body:
    annotation = review.annotation
    return {
        "review": context.once(review_body, review),
        "annotation": context.once(annotation_body, annotation),
        "reviewer": context.once(person_body, review.created_by),
        "comment": review.comment or None,
        "task": context.once(task_summary, context.task_of(annotation)),
        "project": context.project_summary,
        "annotation_seq": annotation.annotation_seq,
    }


def of_deleted_reviews(context: Context, reviews: tuple[Review, ...]) -> Body:
    items = [
        _names(review)
        | {
            "annotation": review.annotation_id,
            "task": review.task_id,
            "project": review.project_id,
            "annotation_seq": review.annotation.annotation_seq,
        }
        for review in reviews
    ]
    return {"reviews": items, "project": context.project_summary}


# --- review events --------------------------------------------------------------------------------


def of_verdict(context: Context, review: Review) -> Body:
    """The timestamp is the review's: the moment of the decision, not of the delivery."""
    return _five_keys_first(of_review(context, review), at=review.created_at)


def of_withdrawal(context: Context, review: Review) -> Body:
    more = {"reason": context.event.detail["reason"], "actor": context.actor}
    return _five_keys_first(of_review(context, review), at=timezone.now()) | more


def of_task_status(context: Context, task: Task) -> Body:
    return {
        "task": context.once(task_summary, task),
        "project": context.project_summary,
        "timestamp": timezone.now().strftime(WIRE_TIME),
    }


def of_ping(context: Context, webhook: Webhook) -> Body:
    return {
        "webhook": {"id": webhook.pk},
        "actor": context.actor,
        "timestamp": timezone.now().strftime(WIRE_TIME),
    }


# --- what happens around the work, and to people ------------------------------------------------


def of_contest(context: Context, dispute: Dispute) -> Body:
    contested = {
        "id": dispute.pk,
        "review": dispute.review_id,
        "reason": dispute.reason,
        "contested_by": person_body(dispute.contested_by),
        "contested_at": dispute.contested_at.strftime(WIRE_TIME),
    }
    return _of_work(context, context.event.annotation) | {"dispute": contested}


def of_reopening(context: Context, annotation: Annotation) -> Body:
    """`returned_to` is null if anyone may do it again."""
    about = {"comment": context.event.detail["comment"] or None, "returned_to": annotation.returned_to_id}
    return _of_work(context, annotation) | about


def _of_work(context: Context, annotation: Annotation) -> Body:
    return {
        "annotation": context.once(annotation_body, annotation),
        "task": context.once(task_summary, context.task_of(annotation)),
        "annotation_seq": annotation.annotation_seq,
        **_who_and_when(context),
    }


def of_closing(context: Context, task: Task) -> Body:
    """`because` is null once the task is open again."""
    return {
        "task": context.once(task_summary, task),
        "because": task.closed_because or None,
        **_who_and_when(context),
    }


def of_comment(context: Context, comment: Comment) -> Body:
    return {"comment": comment_body(comment), **_who_and_when(context)}


def of_deleted_comment(context: Context, comment: Comment) -> Body:
    unique_id = str(comment.unique_id) if comment.unique_id else None
    about = {"id": comment.pk, "unique_id": unique_id, "annotation": comment.annotation_id}
    return {"comment": about | {"task": comment.task_id}, **_who_and_when(context)}


def of_assignments(context: Context, assignments: tuple[Assignment, ...]) -> Body:
    rows = [{"task": one.task_id, "user": person_body(one.user), "type": one.type} for one in assignments]
    return {"assignments": rows, **_who_and_when(context)}


def of_member(context: Context, membership: Membership) -> Body:
    """Of somebody who left, the role that they had."""
    about = {"user": person_body(membership.user), "role": membership.role, "paused": membership.paused}
    return {"member": about, **_who_and_when(context)}


def _who_and_when(context: Context) -> Body:
    return {"actor": context.actor, **_when_and_where(context)}


# --- public campaigns and audits ---------------------------------------------------------------
# The app that knows them sends the objects as they are; reviewers only by their public id.


def of_crowd_review(context: Context, sent: Body) -> Body:
    return {name: sent[name] for name in ("crowd_review", "item", "campaign")} | _when_and_where(context)


def of_crowd_item(context: Context, sent: Body) -> Body:
    return {name: sent[name] for name in ("item", "campaign")} | _when_and_where(context)


def of_campaign(context: Context, sent: Body) -> Body:
    return {name: sent[name] for name in ("campaign", "stats")} | _when_and_where(context)


def of_audit_report(context: Context, sent: Body) -> Body:
    return {"audit_report": sent["audit_report"]} | _when_and_where(context)


def _when_and_where(context: Context) -> Body:
    return {"project": context.project_summary, "timestamp": timezone.now().strftime(WIRE_TIME)}


def _five_keys_first(body: Body, *, at: datetime) -> Body:
    """`event` is the first of the five; the catalogue puts it there."""
    first = {"annotation": body["annotation"], "reviewer": body["reviewer"], "comment": body["comment"]}
    return first | {"timestamp": at.strftime(WIRE_TIME)} | body


# --- parts ----------------------------------------------------------------------------------------


def chunks(objects: Sequence[T], at_most: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(objects), at_most):
        yield objects[start : start + at_most]


def _summary(project: Project) -> Body:
    return {"id": project.pk, "title": project.title}


def _names(subject: Task | Annotation | Review) -> Body:
    """By which a consumer may know what is gone. Only tasks have an external id."""
    external_id = subject.external_id if isinstance(subject, Task) else None
    return {"id": subject.pk, "unique_id": str(subject.unique_id), "external_id": external_id}


def _annotation_ids(annotation: Annotation) -> Body:
    return {"id": annotation.pk, "task": annotation.task_id, "annotation_seq": annotation.annotation_seq}


def _ids_only(context: Context, body: Body, path: str) -> Body:
    link = f"{settings.BASE_URL}/api/{path}/?project={context.project.pk}"
    return body | {"project": context.project_summary, "truncated": True, "link": link}


# --- text -----------------------------------------------------------------------------------------


def as_text(body: Body, context: Context) -> str:
    """The body as every attempt sends it.

    One above LIMIT loses the project's settings first, then results and data.
    """
    text = _joined(body)
    if len(text.encode()) > LIMIT and "project" in body and context.is_about_work:
        body = body | {"project": context.project_summary}
        text = _joined(body)
    return text if len(text.encode()) <= LIMIT else _encode(_shortened(body))


def _joined(body: Body) -> str:
    values = [f'"{key}":{_text(value)}' for key, value in body.items()]
    return "{" + ",".join(values) + "}"


def _text(value: Any) -> str:
    if isinstance(value, Encoded):
        return value
    return str(value) if type(value) is int else _encode(value)


def _shortened(body: Body) -> Body:
    """Objects become ids and a link to where they are."""
    plain = {key: json.loads(value) if isinstance(value, Encoded) else value for key, value in body.items()}
    short = {key: _short(value, PATHS[key]) if key in PATHS else value for key, value in plain.items()}
    if isinstance(short.get("comment"), dict) and "text" in short["comment"]:
        short["comment"] |= {"text": short["comment"]["text"][:SHORT_COMMENT], "region_ref": None}
        short["comment"] |= {"classifications": None}
    if "dispute" in short:
        short["dispute"]["reason"] = short["dispute"]["reason"][:SHORT_COMMENT]
    if "crowd_review" in short:  # it has no address of its own
        short["crowd_review"]["comment"] = short["crowd_review"]["comment"][:SHORT_COMMENT]
    return short | {"truncated": True}


def _short(value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_short(item, path) for item in value]
    kept = {key: value[key] for key in KEPT if key in value}
    return kept | {"link": f"{settings.BASE_URL}/api/{path}/{value['id']}/"}
