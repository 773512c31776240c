"""One project that holds a row of every kind: the work of `annotator`, and the work of everybody else.

`annotator` and the third reviewer read. Whoever signed the verdicts is an argument, so that two worlds can be
compared which differ in nothing else. Nobody's name, e-mail or id could be anything else in an answer.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import time_machine
from django.db import connection, transaction

from audits import reports
from audits.models import AuditModel, Dataset
from crowd import campaigns
from crowd.importing.importer import import_items
from exchange.exporting import snapshots
from exchange.importing.importer import import_file
from reviews import comments, final_picks
from reviews.models import BulkReview, Correction
from reviews.queue.drawing import QueueRequest, draw
from reviews.service import AnnotationReviewService
from reviews.task_table.columns import COLUMNS
from tasks.choices import AssignmentType
from tasks.models import Project, Upload
from tasks.services import assignments, drafts, reservations, tabs
from tasks.services import tasks as task_service
from tests.audits import factories as audit_data
from tests.factories import (
    House,
    annotation,
    build_house,
    member,
    person,
    project,
    result,
    reviewed,
    skipped,
    task,
)
from users import recent_reads
from users.capabilities import Role
from users.models import User
from webhooks import endpoints

FIRST_PERSON = 77_000_000
REAL_ID = re.compile(r"(?<!\d)77\d{6}(?!\d)")
REAL_NAME = re.compile(
    r"[\w.+-]+@example\.org|Žquill\w*|Øfeather|ŽØ|Quillphone|\\u017dquill\w*|\\u00d8feather"
)
# What others wrote and measured. Seconds and scores that no answer holds by chance.
WORDS = re.compile(r"SECRETWORDS|SECRETWORK|31337\.5")
NOBODYS = re.compile(r"SECRETDRAFT|ELSEWHERE|elsewhere[\w-]*@example\.org")
MONDAY, TUESDAY, WEDNESDAY = (datetime(2031, 3, day, 12, tzinfo=UTC) for day in (3, 4, 5))


class World(House):
    """A house with more people: see `build`."""


def _sequences() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
        )
        return {name: value + 1 for name, value in cursor.fetchall()}


def sequences_at(values: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name::regclass, value) FROM unnest(%s::text[], %s::bigint[]) one(name, value)",
            [list(values), list(values.values())],
        )


class Worlds:
    """Each is built from the same ids at the same instants, and taken back."""

    def __init__(self) -> None:
        self.first_ids = _sequences()
        self.first_ids["users_user_id_seq"] = max(FIRST_PERSON, self.first_ids["users_user_id_seq"])
        # Of what a question makes, whatever was made in the world before.
        self.later_ids = {name: value + 10_000 for name, value in self.first_ids.items()}

    @contextmanager
    def built(
        self,
        *,
        others_work: bool = True,
        signer: str = "reviewer",
        rejecter: str = "reviewer",
        **settings: object,
    ) -> Iterator[World]:
        recent_reads.TOKENS.clear()
        recent_reads.ROLES.clear()
        with transaction.atomic():
            sequences_at(self.first_ids)
            with time_machine.travel(MONDAY, tick=False):
                world = _own_work(signer, rejecter, settings)
            if others_work:
                with time_machine.travel(TUESDAY, tick=False):
                    _others_work(world)
            for one in vars(world).values():
                if isinstance(one, User | Project):
                    one.refresh_from_db()
                    vars(one).pop("_roles_by_project", None)
            with time_machine.travel(WEDNESDAY, tick=False):
                yield world
            transaction.set_rollback(True)


def _own_work(signer: str, rejecter: str, settings: dict) -> World:
    """The people, the tasks, and what `annotator` did, with the verdicts on it."""
    world = build_house(maximum_annotations=2, **settings)
    world.reviewer3 = member(world.project, Role.REVIEWER, "reviewer3", is_staff=True)
    world.signer = getattr(world, signer)
    User.objects.update(last_name="Øfeather", phone="Quillphone")
    for one in User.objects.all():
        User.objects.filter(pk=one.pk).update(first_name=f"Žquill{one.pk}")
    of = world.project
    world.tasks = [task(of, text=f"Letter {number}") for number in range(1, 9)]
    rejected, contested, accepted, fixed, skip, drafted, _, _ = world.tasks
    author, signer = world.annotator, world.signer
    world.own = world.annotation
    world.rejected = annotation(rejected, author, "B", lead_time=12.5)
    world.contested = annotation(contested, author, "C")
    world.accepted = annotation(accepted, author)
    world.fixed = annotation(fixed, author)
    world.skipped = skipped(skip, author)
    comments.create(world.own, "Is it an A?", actor=author)
    world.comment = comments.create(world.rejected, "Look at the serif", actor=signer)
    world.verdict = reviewed(world.rejected, signer, "rejected", comment="No", reject_action="requeue").review
    reviewed(
        world.contested, getattr(world, rejecter), "rejected", comment="It is a B", reject_action="remove"
    )
    AnnotationReviewService(author).contest(world.contested, reason="It is a C")
    reviewed(world.accepted, signer)
    reviewed(world.fixed, signer, "fixed_and_accepted", comment="Too wide")
    world.correction = Correction.objects.latest("pk")
    world.draft = drafts.save(drafted, actor=author, result=result())
    world.prediction = task_service.save_prediction(world.task, actor=world.lead, result=result(), score=0.5)
    assignments.assign([world.task, rejected], [author], AssignmentType.ANNOTATOR)
    world.tabs = [tabs.create(of, actor=world.lead, data=_tab(column.id)) for column in COLUMNS]
    world.upload = Upload.objects.create(
        project=of,
        name="letter.txt",
        file="upload/letter.txt",
        size=8,
        sha256="0" * 64,
        created_by=world.lead,
        content_type="text/plain",
    )
    task_service.create(of, actor=world.lead, data={"text": world.upload.path})
    world.webhook = endpoints.create(
        actor=world.lead, project=of, url="https://receiver.example/", headers={}
    )
    world.imported = _imported(world)
    world.campaign = campaigns.create(of, actor=world.lead, title="Letters")
    import_items(world.campaign, io.BytesIO(b'{"anno_id": "letter-1"}\n'))
    world.audited = audit_data.dataset(project=of, size="small")
    world.own_model = _audited(world.audited, author)
    _elsewhere(world)
    return world


def _audited(dataset: Dataset, owner: User, name: str = "Mine", texts: str = "Football") -> AuditModel:
    """Their model, with labels, a version and a report."""
    model = audit_data.fitted(dataset, owner, name=name).model
    report = reports.create(model, actor=owner, title=texts, summary=texts)
    reports.add_evidence(report, [dataset.comments.earliest("pk").pk], actor=owner)
    return model


def _tab(column: str) -> dict:
    item = {"filter": f"filter:tasks:{column}", "operator": "empty", "type": "Unknown", "value": False}
    return {"filters": {"conjunction": "and", "items": [item]}, "ordering": [f"-tasks:{column}"]}


def _elsewhere(world: World) -> None:
    """A project that nobody of the first one belongs to."""
    world.elsewhere_lead = person("elsewhere", may_create_projects=True, is_staff=True, first_name="Žquill")
    made = project(lead=world.elsewhere_lead, title="ELSEWHERE")
    world.elsewhere_author = member(made, Role.ANNOTATOR, "elsewhere-annotator", first_name="Žquill")
    annotation(task(made, text="ELSEWHERE"), world.elsewhere_author)
    elsewhere = audit_data.dataset(project=made, size="small")
    elsewhere.topics.update(label="ELSEWHERE")
    elsewhere.comments.update(text="ELSEWHERE")
    world.elsewhere_model = _audited(elsewhere, world.elsewhere_lead, "ELSEWHERE", "ELSEWHERE")


def _others_work(world: World) -> None:
    """What everybody else did in the same project, and what managers did with it."""
    open_task, answered = world.tasks[6], world.tasks[1]
    colleague, reviewer, lead = world.annotator2, world.reviewer, world.lead
    secret = {"result": result("SECRETWORK"), "lead_time": 31337.5}
    world.others = annotation(world.task, colleague, **secret)
    rejected = annotation(world.tasks[0], colleague, **secret)
    # The label stream hands out what others have not finished: what it has for the reader stays the same.
    for one in (open_task, *world.tasks[1:5]):
        annotation(one, colleague, **secret)
    annotation(world.tasks[4], lead, "B")
    skipped(world.tasks[7], colleague)
    for actor in (colleague, reviewer):
        comments.create(world.others, "SECRETWORDS", actor=actor)
    reviewed(world.others, reviewer, "fixed_and_accepted", result=result("C"), comment="SECRETWORDS")
    reviewed(rejected, world.reviewer2, "rejected", comment="SECRETWORDS", reject_action="remove")
    AnnotationReviewService(colleague).contest(rejected, reason="SECRETWORDS")
    for one in world.tasks[4].annotations.filter(was_cancelled=False):
        reviewed(one, reviewer)
    final_picks.pick(world.tasks[4], world.tasks[4].annotations.latest("pk").pk, actor=reviewer)
    world.others_draft = drafts.save(world.tasks[5], actor=colleague, result=result("SECRETDRAFT"))
    assignments.assign(world.tasks, [colleague], AssignmentType.ANNOTATOR)
    assignments.assign(world.tasks, [reviewer], AssignmentType.REVIEWER)
    world.lease = str(draw(QueueRequest(world.project, lead)).id)
    reservations.reserve(world.tasks[5], colleague)
    AnnotationReviewService(lead).accept_many(answered.annotations.filter(completed_by=colleague))
    world.bulk = BulkReview.objects.latest("pk").pk
    world.export = snapshots.create(world.project, actor=lead).pk
    world.delivery = world.webhook.deliveries.latest("pk").pk
    world.others_model = _audited(world.audited, colleague, "SECRETWORDS", "SECRETWORDS")
    User.objects.filter(pk=colleague.pk).update(last_activity=TUESDAY)


def _imported(world: World) -> int:
    works = [{"result": result("SECRETWORK"), "completed_by": {"id": 4, "email": "gone@example.org"}}]
    file = io.BytesIO(json.dumps([{"data": {"text": "Imported"}, "annotations": works}]).encode())
    import_file(world.project, file, actor=world.lead, name="letters.json")
    return world.project.imports.latest("pk").pk
