"""An example of every event, from a short scenario that runs through the real services and is rolled back."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import connection, transaction

from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.choices import AssignmentType
from tasks.events import APP_EVENT, DomainEvent, emit
from tasks.models import Annotation, Project
from tasks.services import annotations, assignments, closing, members, projects, tasks
from users.capabilities import Role
from users.models import User

from ..bodies import Context, as_text
from ..catalogue import CATALOGUE, body_of
from ..models import Event, Webhook

CONFIG = """<View><Text name="text" value="$text"/><Choices name="sentiment" toName="text">
<Choice value="Positive"/><Choice value="Negative"/></Choices></View>"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRAILING_ID = re.compile(r", \d+$")
A_TIME = "2026-01-31T12:00:00.000000Z"
# Keys that hold ids, and of what. `id` is of what the key above it names.
PEOPLE = (
    "completed_by",
    "created_by",
    "updated_by",
    "last_created_by",
    "reviewer",
    "actor",
    "annotators",
    "reviewers",
    "assignee",
    "user",
    "contested_by",
    "returned_to",
)
HISTORY = (
    "last_annotation_history",
    "previous_annotation_history",
    "fixed_annotation_history",
    "annotation_history",
)
KINDS = (
    dict.fromkeys(PEOPLE, "person")
    | dict.fromkeys(HISTORY, "history")
    | {
        "task": "task",
        "tasks": "task",
        "annotation": "annotation",
        "annotations": "annotation",
        "project": "project",
    }
    | {"review": "review", "reviews": "review", "supersedes": "review", "webhook": "webhook"}
    | {"comment": "comment", "dispute": "dispute"}
)


def examples() -> dict[str, Any]:
    """Action → the body of an event that really happened, with ids and times that never change."""
    with _rolled_back():
        project = _run_scenario()
        events = Event.objects.filter(project=project).order_by("id").values_list("action", "body")
        first = {action: json.loads(body) for action, body in reversed(events)}
        context = Context(DomainEvent("PING", project, actor=project.created_by))
        first["PING"] = json.loads(as_text(body_of("PING", context, Webhook(pk=1)), context))
    # Never sent: a changed verdict is a new review.
    first["REVIEW_UPDATED"] = first["REVIEW_CREATED"] | {"action": "REVIEW_UPDATED"}
    return {action: Normalizer().of(first[action], key="", kind="") for action in CATALOGUE}


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _run_scenario() -> Project:
    lead, rita, ana = _person("Lena", may_create_projects=True), _person("Rita"), _person("Ana")
    project = projects.create(actor=lead, title="Sentiment", label_config=CONFIG)
    members.set_role(project, rita, Role.REVIEWER)
    ana_joined = members.set_role(project, ana, Role.ANNOTATOR, actor=lead)
    members.set_paused(ana_joined, True, actor=lead)
    members.set_paused(ana_joined, False, actor=lead)
    otto = members.set_role(project, _person("Otto"), Role.ANNOTATOR, actor=lead)
    members.remove(otto, actor=lead)
    projects.update(project, {"description": "Is the sentence positive?"}, actor=lead)
    task = tasks.create(project, actor=lead, data={"text": "The room was quiet and clean."})
    assignments.assign([task], [ana], AssignmentType.ANNOTATOR, actor=lead)
    assignments.unassign([task], actor=lead)
    closing.close(task.pk, reason="The sentence was cut off.", actor=lead)
    closing.open_again(task.pk, actor=lead)
    work = annotations.submit(task, annotations.Work(result=_choice("Positive")), actor=ana)
    comment = comments.create(work, "Quiet is good here.", actor=ana)
    comments.update(comment, actor=ana, is_resolved=True)
    comments.delete(comment, actor=ana)
    annotations.edit(work.pk, {"lead_time": 4.2}, actor=ana)
    reviewer = AnnotationReviewService(rita)
    reviewer.undo(_check_now(reviewer.accept(work)).review)
    _check_now(reviewer.reject(work, comment="Look at the second half.", reject_action="requeue"))
    _check_now(
        reviewer.fix_and_accept(
            Annotation.objects.get(pk=work.pk), result=_choice("Negative"), comment="It is irony."
        )
    )
    AnnotationReviewService(lead).reopen(work.pk, comment="The guideline has changed.")
    annotations.edit(work.pk, {"result": _choice("Positive")}, actor=ana)
    _check_now(reviewer.reject(work.pk, comment="It is still irony.", reject_action="requeue"))
    AnnotationReviewService(ana).contest(
        Annotation.objects.get(pk=work.pk), reason="The second half is about the price."
    )
    _review_in_public(project, work)
    _report_an_audit(project)
    _delete_all(project, lead, ana)
    return project


def _review_in_public(project: Project, work: Annotation) -> None:
    """As the app of public campaigns, which this one does not know, announces it."""
    campaign = {"id": 1, "slug": "sentiment", "title": "Is the sentence positive?"}
    item = {"anno_id": "stg_000123", "annotation": work.pk, "counted": 3, "target": 3}
    review = {
        "reviewer_id": "anon_x7Qd2-_k",
        "anno_id": "stg_000123",
        "ts": 1767225600,
        "tg": {"score": 3, "ref_type": "image"},
        "sg": {"score": 2, "ref_type": "text"},
        "qa": {"score": 3, "ref_type": "audio", "qa_type": "counting"},
        "comment": "box is off in frame 2",
        "counted": True,
    }
    stats = {
        "annos_total": 30,
        "annos_fully_done": 30,
        "reviews_total": 90,
        "unique_reviewers": 12,
        "target_per_anno": 3,
    }
    bodies: dict[str, dict[str, Any]] = {
        "CROWD_REVIEW_CREATED": {"crowd_review": review, "item": item},
        "ANNOTATION_TARGET_MET": {"item": item},
        "CAMPAIGN_COMPLETED": {"stats": stats},
    }
    for action, body in bodies.items():
        emit(APP_EVENT, project, detail={"action": action, "body": {"campaign": campaign} | body})


def _report_an_audit(project: Project) -> None:
    """Likewise, as the app of audits announces it."""
    report = {
        "id": 1,
        "revision": 1,
        "title": "Jokes about ourselves are called toxic",
        "error_type": "over",
        "category": "bias",
        "dataset": {"id": 1, "title": "Comments of May"},
        "url": "https://countersign.example/audits/public/7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90/",
    }
    outcomes: dict[str, dict[str, Any]] = {
        "AUDIT_REPORT_SUBMITTED": {"register_id": "7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90"},
        "AUDIT_REPORT_FAILED": {"status": 400, "error": "The register refused it (400): unknown developer"},
    }
    for action, outcome in outcomes.items():
        body = {"audit_report": report | outcome}
        emit(APP_EVENT, project, detail={"action": action, "body": body})


def _delete_all(project: Project, lead: User, ana: User) -> None:
    rows = tasks.create_many(
        project, [{"data": {"text": text}} for text in ("Late again.", "Splendid!")], actor=lead
    )
    work = annotations.submit_many(
        [(task, annotations.Work(result=_choice("Positive"))) for task in rows], actor=ana
    )
    annotations.delete_many([annotation.pk for annotation in work], actor=lead)
    tasks.delete_many(project, [task.pk for task in rows], actor=lead)
    projects.delete(project, actor=lead)


def _person(first_name: str, **fields: Any) -> User:
    email = f"{first_name.lower()}@catalogue.example"
    return User.objects.create_user(email, None, first_name=first_name, last_name="Sommer", **fields)


def _choice(choice: str) -> list[dict[str, Any]]:
    value = {"choices": [choice]}
    return [{"id": "r1", "from_name": "sentiment", "to_name": "text", "type": "choices", "value": value}]


def _check_now(decision: Any) -> Any:
    """Constraint triggers check at commit that a new review stands.

    Here the next step would undo it before that.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return decision


class Normalizer:
    """Replaces what differs from one run to the next: ids of each kind count from 1 in the order they appear,
    and times and UUIDs are constants.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int], int] = {}
        self._next: dict[str, Iterator[int]] = {}

    def of(self, value: Any, *, key: str, kind: str) -> Any:
        """`kind` is of what an `id` right here would be."""
        if isinstance(value, dict):
            return {name: self.of(item, key=name, kind=KINDS.get(key, kind)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, key=key, kind=kind) for item in value]
        if isinstance(value, str):
            return self._text(value)
        found = kind if key == "id" else KINDS.get(key, "")
        return self._number(found, value) if found and type(value) is int else value

    def _text(self, value: str) -> str:
        if UUID.fullmatch(value):
            return "7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90"
        return TRAILING_ID.sub(", 1", TIME.sub(A_TIME, value))

    def _number(self, kind: str, value: int) -> int:
        if (kind, value) not in self._numbers:
            self._numbers[kind, value] = next(self._next.setdefault(kind, count(1)))
        return self._numbers[kind, value]
