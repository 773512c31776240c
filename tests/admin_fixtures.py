"""Two houses: what the lead of one may not see is the other."""

from dataclasses import dataclass
from io import BytesIO

import pytest
from django.test import Client

from audits import base_fits
from crowd import campaigns, claims
from crowd.importing.importer import import_items
from crowd.measuring import measure
from reviews import comments, final_picks
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType, RejectAction
from tasks.models import Annotation, Project
from tasks.services import assignments, drafts, projects, reservations
from tasks.services import tasks as task_service
from tests import factories
from tests.audits import factories as audits
from tests.audits.steps import accepted
from tests.crowd import factories as crowd
from users.capabilities import Role
from users.models import ApiToken, User
from webhooks import endpoints
from webhooks.models import Attempt


@dataclass
class Elsewhere:
    """A project the house's lead has nothing to do with, with a row of every kind in it."""

    project: Project
    lead: User
    annotation: Annotation
    token: ApiToken


def fill(project: Project, author: User, reviewer: User) -> Annotation:
    """A row of every kind the admin lists: returns an accepted annotation."""
    lead = project.created_by
    endpoint = endpoints.create(
        actor=lead, project=project, url="https://receiver.example/", headers={"X-Key": "hidden-value"}
    )
    task = factories.task(project, text="Letter of the project")
    accepted = factories.annotation(task, author)
    factories.reviewed(accepted, reviewer)
    rejected = factories.annotation(factories.task(project), author, "B")
    factories.reviewed(
        rejected, reviewer, ActionType.REJECTED, comment="Look again", reject_action=RejectAction.REQUEUE
    )
    AnnotationReviewService(author).contest(rejected, reason="It is a B")
    factories.reviewed(factories.annotation(task, lead, "B"), reviewer, ActionType.FIXED_AND_ACCEPTED)
    comments.create(accepted, "Well done", actor=reviewer)
    drafts.save(task, actor=lead, result=factories.result("C"))
    reservations.reserve(factories.task(project), author)
    task_service.save_prediction(task, actor=lead, result=factories.result("A"), model_version="m1")
    project.imports.create(created_by=lead, name="letters.json")
    pick_an_answer(project, author, reviewer)
    run_a_campaign(project)
    prepare_an_audit(project, author)
    assignments.assign([task], [author], "AN")
    projects.update(project, {"description": "Changed"}, actor=lead)
    Attempt.objects.create(
        delivery=endpoint.deliveries.first(), number=1, status=500, duration=0.1, error="server_error"
    )
    return accepted


def run_a_campaign(project: Project) -> None:
    """One item reviewed, one passed on, one in hand."""
    campaign = campaigns.create(project, actor=project.created_by, title=f"Campaign of {project}")
    import_items(campaign, BytesIO(b'{"anno_id": "a"}\n{"anno_id": "b"}\n{"anno_id": "c"}\n'))
    who = crowd.reviewer()
    crowd.review_next(campaign, who)
    claims.skip(campaign, who, crowd.claimed(campaign, who).item.anno_id, "unclear")
    crowd.claimed(campaign, who)
    measure(campaign)


def prepare_an_audit(project: Project, author: User) -> None:
    dataset = audits.small_dataset(project, title=f"Data of {project}")
    base_fits.begin(dataset, actor=project.created_by, algorithm="baseline", seed=1)
    accepted(audits.personal(dataset, author))


def pick_an_answer(project: Project, author: User, reviewer: User) -> None:
    task = factories.task(project)
    one, other = factories.annotation(task, author), factories.annotation(task, project.created_by, "B")
    for annotation in (one, other):
        factories.reviewed(annotation, reviewer)
    final_picks.pick(task, other.pk, actor=reviewer)


@pytest.fixture
def elsewhere(db) -> Elsewhere:
    lead = factories.person("elsewhere-lead", may_create_projects=True, is_staff=True)
    project = factories.project(lead=lead, title="Secret letters")
    author = factories.member(project, Role.ANNOTATOR, "elsewhere-annotator")
    annotation = fill(project, author, factories.member(project, Role.REVIEWER, "elsewhere-reviewer"))
    token, _ = ApiToken.issue(lead, name="elsewhere token")
    return Elsewhere(project, lead, annotation, token)


@pytest.fixture
def filled(house) -> factories.House:
    fill(house.project, house.annotator, house.reviewer)
    return house


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="users.backends.GuardedPasswordBackend")
    return client


@pytest.fixture
def lead_client(house) -> Client:
    return sign_in(house.lead)


@pytest.fixture
def admin_client(house) -> Client:
    return sign_in(house.admin)
