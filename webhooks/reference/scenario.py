"""A short day in a project, lived through the real services, so that each event happens once. Leaves nothing behind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from reviews.service import AnnotationReviewService
from tasks.events import Happened
from tasks.models import Annotation, Project
from tasks.services import annotations, members, projects, tasks
from users.capabilities import Role
from users.models import User

from ..bodies import Context, as_text
from ..catalogue import CATALOGUE, body_of
from ..models import Event, Webhook
from .plain import plain

CONFIG = """<View><Text name="text" value="$text"/><Choices name="sentiment" toName="text">
<Choice value="Positive"/><Choice value="Negative"/></Choices></View>"""


def examples() -> dict[str, Any]:
    """Action → a body that was frozen by what really happened, with ids and times that are the same each time."""
    with _rolled_back():
        project = _live_a_day()
        told = Event.objects.filter(project=project).order_by("id").values_list("action", "body")
        first = {action: json.loads(body) for action, body in reversed(told)}
        context = Context(Happened("PING", project, actor=project.created_by))
        first["PING"] = json.loads(as_text(body_of("PING", context, Webhook(pk=1)), context))
    # A verdict that changes is a new review here, so this one is only known.
    first["REVIEW_UPDATED"] = first["REVIEW_CREATED"] | {"action": "REVIEW_UPDATED"}
    return {action: plain(first[action]) for action in CATALOGUE}


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _live_a_day() -> Project:
    lead, rita, ana = _person("Lena", may_create_projects=True), _person("Rita"), _person("Ana")
    project = projects.create(actor=lead, title="Sentiment", label_config=CONFIG)
    members.set_role(project, rita, Role.REVIEWER)
    members.set_role(project, ana, Role.ANNOTATOR)
    projects.update(project, {"description": "Is the sentence positive?"}, actor=lead)
    task = tasks.create(project, actor=lead, data={"text": "The room was quiet and clean."})
    work = annotations.submit(task, annotations.Work(result=_says("Positive")), actor=ana)
    annotations.edit(work.pk, {"lead_time": 4.2}, actor=ana)
    reviewer = AnnotationReviewService(rita)
    reviewer.undo(_checked(reviewer.accept(work)).review)
    _checked(reviewer.reject(work, comment="Look at the second half.", reject_action="requeue"))
    _checked(
        reviewer.fix_and_accept(
            Annotation.objects.get(pk=work.pk), result=_says("Negative"), comment="It is irony."
        )
    )
    _clear_up(project, lead, ana)
    return project


def _clear_up(project: Project, lead: User, ana: User) -> None:
    rows = tasks.create_many(
        project, [{"data": {"text": text}} for text in ("Late again.", "Splendid!")], actor=lead
    )
    work = annotations.submit_many(
        [(task, annotations.Work(result=_says("Positive"))) for task in rows], actor=ana
    )
    annotations.delete_many([annotation.pk for annotation in work], actor=lead)
    tasks.delete_many(project, [task.pk for task in rows], actor=lead)
    projects.delete(project, actor=lead)


def _person(first_name: str, **fields: Any) -> User:
    email = f"{first_name.lower()}@catalogue.example"
    return User.objects.create_user(email, None, first_name=first_name, last_name="Sommer", **fields)


def _says(choice: str) -> list[dict[str, Any]]:
    value = {"choices": [choice]}
    return [{"id": "r1", "from_name": "sentiment", "to_name": "text", "type": "choices", "value": value}]


def _checked(decision: Any) -> Any:
    """The database asks at commit whether a new review stands. Here the next step would undo it first."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return decision
