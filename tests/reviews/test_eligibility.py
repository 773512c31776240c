"""What may be decided and what waits: all implementations agree, whatever happened before."""

from collections.abc import Callable
from random import Random

import pytest
from django.db import transaction

from pages.counts import waiting_for
from reviews import workflow
from reviews.drift import drift_of_tasks
from reviews.eligibility import decidable_by, returned_to, waits_for_review
from reviews.inbox.inbox import inbox_of
from reviews.inbox.kinds import Kind
from reviews.models import Queue, QueueEntry
from reviews.queue.drawing import QueueRequest, available_to, draw, remaining
from reviews.service import AnnotationReviewService
from tasks.choices import AssignmentType
from tasks.errors import Refused
from tasks.models import Annotation, Project, Task
from tasks.services import annotations, assignments, closing, projects
from tasks.state import State, fills_slot, state_of
from tests.factories import House, annotation, result, skipped, task, verdicts_checked
from users.models import User

SWITCHES = ("allow_self_review", "review_only_manual_assignments", "only_finished_tasks")
STEPS = 50


@pytest.fixture(params=range(10), ids="seed {}".format)
def random(request) -> Random:
    return Random(request.param)


@pytest.fixture
def lived_in(house: House, random: Random) -> House:
    """The house after many random actions, of which some are refused."""
    settings = {name: random.random() < 0.4 for name in SWITCHES}
    settings |= {
        "maximum_annotations": random.choice([1, 1, 2]),
        "review_criteria": random.choice(["one", "all"]),
    }
    house.project = projects.update(house.project, settings, actor=house.lead)
    for _ in range(3):
        task(house.project)
    for _ in range(STEPS):
        try:
            with transaction.atomic():
                random.choice(ACTS)(house, random)
                verdicts_checked()
        except Refused:
            continue
    if random.random() < 0.2:
        share = {"review_task_limit_percent": 50}
        house.project = projects.update(house.project, share, actor=house.lead)
    return house


def people(house: House) -> list[User]:
    return [house.lead, house.reviewer, house.reviewer2, house.annotator, house.annotator2]


def some_task(house: House, random: Random) -> Task:
    return random.choice(list(Task.objects.select_related("project").order_by("pk")))


def some_annotation(house: House, random: Random) -> Annotation:
    present = Annotation.objects.filter(deleted_at=None).select_related("project", "task").order_by("pk")
    if not present:
        raise Refused("nothing_there", "All annotations are deleted.")
    return random.choice(list(present))


def submit(house: House, random: Random) -> None:
    annotation(some_task(house, random), random.choice(people(house)), random.choice("ABC"))


def skip(house: House, random: Random) -> None:
    skipped(some_task(house, random), random.choice(people(house)))


def edit(house: House, random: Random) -> None:
    changes = {"result": result(random.choice("ABC"))}
    annotations.edit(some_annotation(house, random).pk, changes, actor=random.choice(people(house)))


def name_author(house: House, random: Random) -> None:
    changes = {"completed_by": random.choice(people(house))}
    annotations.edit(some_annotation(house, random).pk, changes, actor=house.lead)


def accept(house: House, random: Random) -> None:
    AnnotationReviewService(random.choice(people(house))).accept(some_annotation(house, random))


def fix(house: House, random: Random) -> None:
    service = AnnotationReviewService(random.choice(people(house)))
    service.fix_and_accept(some_annotation(house, random), result=result(random.choice("ABC")))


def reject(house: House, random: Random) -> None:
    service = AnnotationReviewService(random.choice(people(house)))
    service.reject(some_annotation(house, random), reject_action=random.choice(["remove", "requeue", None]))


def redistribute(house: House, random: Random) -> None:
    projects.update(
        house.project, {"allowed_reject_actions": ["remove", "requeue", "redistribute"]}, actor=house.lead
    )
    found = some_annotation(house, random)
    AnnotationReviewService(random.choice(people(house))).reject(found, reject_action="redistribute")


def contest(house: House, random: Random) -> None:
    found = some_annotation(house, random)
    AnnotationReviewService(found.completed_by).contest(found, reason="It is right.")


def reopen(house: House, random: Random) -> None:
    service = AnnotationReviewService(random.choice(people(house)))
    service.reopen(some_annotation(house, random), to=random.choice(["author", "anyone"]))


def undo(house: House, random: Random) -> None:
    AnnotationReviewService(house.lead).undo_many([some_annotation(house, random)])


def to_draft(house: House, random: Random) -> None:
    found = some_annotation(house, random)
    annotations.convert_to_draft(found.pk, actor=found.completed_by)


def delete(house: House, random: Random) -> None:
    annotations.delete(some_annotation(house, random).pk, actor=random.choice(people(house)))


def close(house: House, random: Random) -> None:
    closing.close(some_task(house, random).pk, reason="No answer.", actor=house.lead)


def assign(house: House, random: Random) -> None:
    reviewer = random.choice([house.reviewer, house.reviewer2])
    assignments.assign([some_task(house, random)], [reviewer], AssignmentType.REVIEWER)


def draw_one(house: House, random: Random) -> None:
    draw(QueueRequest(house.project, random.choice([house.reviewer, house.reviewer2, house.lead])))


ACTS: list[Callable[[House, Random], None]] = [
    submit, submit, submit, skip, edit, edit, name_author, accept, fix, reject, reject, redistribute, contest,
    contest, reopen, undo, to_draft, delete, close, assign, assign, draw_one,
]  # fmt: skip


def reviewers(house: House) -> list[User]:
    """Read again: user objects keep their roles and memberships."""
    return [User.objects.get(pk=user.pk) for user in (house.lead, house.reviewer, house.reviewer2)]


def decidable_by_guards(project: Project, user: User) -> set[int]:
    """What waits for a review, by the Python properties, and may be accepted by this person."""
    found = Annotation.objects.select_related("project", "task").prefetch_related("task__assignments")
    return {one.pk for one in found if waits(one) and workflow.refusal("accept", one, user) is None}


def waits(one: Annotation) -> bool:
    of_task, project = one.task, one.project
    if of_task.deleted_at or of_task.closed_at or not project.enable_review_workflow:
        return False
    if project.only_finished_tasks and not of_task.is_labeled:
        return False
    state = state_of(one)
    return state == State.CONTESTED or (state == State.WAITING and of_task.review_required)


def test_guards_conditions_queue_inbox_and_start_page_agree(lived_in):
    project = Project.objects.get(pk=lived_in.project.pk)
    for user in reviewers(lived_in):
        by_guards = decidable_by_guards(project, user)
        asked = Annotation.objects.filter(waits_for_review(), project=project)
        held_by_others = set(
            QueueEntry.objects.filter(project=project, lease__isnull=False)
            .exclude(leased_to=user)
            .values_list("annotation_id", flat=True)
        )
        free = by_guards - held_by_others
        entries = QueueEntry.objects.filter(queue__in=(Queue.REVIEW, Queue.DISPUTES), project=project)
        counts = inbox_of(user).counts

        assert set(asked.filter(decidable_by(user)).values_list("pk", flat=True)) == by_guards
        assert set(asked.filter(decidable_by(user, project)).values_list("pk", flat=True)) == by_guards
        assert set(entries.filter(decidable_by(user, project)).values_list("pk", flat=True)) == by_guards
        assert set(entries.filter(available_to(user)).values_list("pk", flat=True)) == free
        assert remaining(QueueRequest(project, user)) == len(free)
        assert counts[Kind.TO_REVIEW].number + counts[Kind.DISPUTES].number == len(free)
        assert waiting_for(user).count() == len(free)

        lease = draw(QueueRequest(project, user))
        assert lease.annotation_id in free if lease else not free


def test_rows_counters_and_inboxes_agree(lived_in):
    rows = list(Annotation.objects.all())
    assert [(state_of(row), fills_slot(row)) for row in rows] == [(row.state, row.fills_slot) for row in rows]

    assert drift_of_tasks(list(Task.objects.values_list("pk", flat=True))) == []

    for user in people(lived_in):
        sent_back = Annotation.objects.filter(returned_to(user)).visible_to(user).count()
        assert inbox_of(user).counts[Kind.RETURNED].number == sent_back
    for user in (lived_in.annotator, lived_in.annotator2):
        found = Annotation.objects.select_related("project", "task")
        assert {workflow.refusal("accept", one, user).code for one in found} <= {"not_a_reviewer"}
