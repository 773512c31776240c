"""People and objects of the tests, brought to their state through the real services."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db import connection
from django.test import Client as Browser
from rest_framework.test import APIClient

from reviews.decisions.request import Decision, VerdictRequest
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.models import Annotation, Membership, Project, Task
from tasks.services import annotations, members, projects
from tasks.services import tasks as task_service
from tests.checked import Checked
from users.capabilities import Role
from users.models import ApiToken, User

CHOICES = """<View><Text name="text" value="$text"/>
<Choices name="letter" toName="text">
<Choice value="A"/><Choice value="B"/><Choice value="C"/></Choices></View>"""
BOXES = """<View><Image name="image" value="$image"/>
<RectangleLabels name="box" toName="image">
<Label value="Car"/><Label value="Tree"/></RectangleLabels></View>"""
PASSWORD = "a long enough password"

_numbers = count(1)


def person(name: str, **fields: Any) -> User:
    """Somebody called `name`, at name@example.org, who signs in with PASSWORD."""
    fields = {"email": f"{name}@example.org", "password": PASSWORD, "first_name": name.capitalize()} | fields
    return User.objects.create_user(**fields)


def project(*, lead: User | None = None, **settings: Any) -> Project:
    """A project of choices A, B, C, managed by `lead` (or by somebody nobody else is)."""
    lead = lead or person(f"lead-{next(_numbers)}", may_create_projects=True)
    return projects.create(actor=lead, **({"title": "Letters", "label_config": CHOICES} | settings))


def member(of: Project, role: str, name: str, **fields: Any) -> User:
    user = person(name, **fields)
    members.set_role(of, user, role)
    return user


def task(of: Project, **data: Any) -> Task:
    return task_service.create(of, actor=of.created_by, data=data or {"text": "A letter"})


def result(label: str = "A", *, id: str = "r1") -> list[dict[str, Any]]:
    """What somebody chose in a project of CHOICES."""
    value = {"choices": [label]}
    return [
        {
            "id": id,
            "from_name": "letter",
            "to_name": "text",
            "type": "choices",
            "value": value,
            "origin": "manual",
        }
    ]


def boxes(*labels: str) -> list[dict[str, Any]]:
    """A box for each label, in a project of BOXES. Sizes in percent of the image."""
    return [_box(number, label) for number, label in enumerate(labels or ("Car",))]


def _box(number: int, label: str) -> dict[str, Any]:
    size = {"x": 10.0 * number, "y": 5.0, "width": 20.0, "height": 10.0, "rotation": 0}
    region = {
        "id": f"box{number}",
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "origin": "manual",
    }
    return region | {
        "original_width": 600,
        "original_height": 400,
        "image_rotation": 0,
        "value": size | {"rectanglelabels": [label]},
    }


def annotation(on: Task, author: User, label: str = "A", **work: Any) -> Annotation:
    """The annotation `author` submits; `work` are the fields of tasks.services.annotations.Work."""
    return annotations.submit(on, annotations.Work(**({"result": result(label)} | work)), actor=author)


def gold(on: Task, author: User, *, marked_by: User) -> Annotation:
    """Ground truth is marked by somebody else than its author."""
    made = annotation(on, author)
    return annotations.edit(made.pk, {"ground_truth": True}, actor=marked_by)


def skipped(on: Task, author: User) -> Annotation:
    return annotation(on, author, result=[], was_cancelled=True)


def reviewed(of: Annotation, reviewer: User, verdict: str = ActionType.ACCEPTED, **asked: Any) -> Decision:
    """`reviewer` signs a verdict through the service; a fix says C unless `result` says else. `of` is brought
    up to date."""
    if verdict == ActionType.FIXED_AND_ACCEPTED:
        asked = {"result": result("C")} | asked
    decision = AnnotationReviewService(reviewer).decide(of, VerdictRequest(ActionType(verdict), **asked))
    verdicts_checked()
    of.refresh_from_db()
    return decision


def undone(decision: Decision, by: User) -> Annotation:
    """The annotation, its verdict taken back."""
    AnnotationReviewService(by).undo(decision.review)
    verdicts_checked()
    return Annotation.objects.get(pk=decision.annotation.pk)


@dataclass
class House:
    """One project with everybody in it, one task, one annotation (A, by `annotator`). `stranger` belongs to
    nothing."""

    project: Project
    lead: User
    reviewer: User
    reviewer2: User
    annotator: User
    annotator2: User
    stranger: User
    admin: User
    task: Task
    annotation: Annotation

    def membership(self, user: User) -> Membership:
        return Membership.objects.get(project=self.project, user=user)


def build_house(**settings: Any) -> House:
    lead = person("lead", may_create_projects=True, is_staff=True)
    made = project(lead=lead, **settings)
    people = {
        "reviewer": member(made, Role.REVIEWER, "reviewer"),
        "reviewer2": member(made, Role.REVIEWER, "reviewer2"),
        "annotator": member(made, Role.ANNOTATOR, "annotator"),
        "annotator2": member(made, Role.ANNOTATOR, "annotator2"),
        "stranger": person("stranger"),
        "admin": person("admin", site_role=Role.ADMIN, is_staff=True, may_create_projects=True),
    }
    first = task(made)
    return House(
        project=made, lead=lead, task=first, annotation=annotation(first, people["annotator"]), **people
    )


class Client(Checked, APIClient):
    """Within a test's transaction a request commits nothing: ask the deferred guards after each write, as its
    commit would."""

    def request(self, **asked: Any) -> Any:
        response = super().request(**asked)
        if asked["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS"):
            verdicts_checked()
        return response


class CheckedBrowser(Checked, Browser):
    pass


def client_of(user: User) -> Client:
    """A client that signs its requests with a token of `user`."""
    _, key = ApiToken.issue(user, name="test")
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return client


def browser_of(user: User) -> Browser:
    """A client with a session of `user`, for pages."""
    browser = CheckedBrowser()
    browser.force_login(user, backend="users.backends.GuardedPasswordBackend")
    return browser


def verdicts_checked() -> None:
    """Ask the deferred guards of the database now, as a commit would. (A review written and outdated between
    is refused.)"""
    if not connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
