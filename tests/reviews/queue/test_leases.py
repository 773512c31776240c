"""Leases: held, renewed, expired, released, ended by a decision; and never two on
one item, with real threads."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import QueueEntry, Review
from reviews.queue import leases
from reviews.queue.drawing import QueueRequest, draw
from reviews.queue.reasons import why_empty
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import annotation, result, reviewed, task
from tests.parallel import one_waits_for_another, together
from tests.snapshots import assert_all_true

REVIEWERS, WORK = 8, 60


def ran_out() -> None:
    QueueEntry.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_drawing_again_renews_the_lease(house):
    annotation(task(house.project), house.annotator)
    first = draw(QueueRequest(house.project, house.reviewer))
    again = draw(QueueRequest(house.project, house.reviewer))

    assert (again.id, again.annotation_id) == (first.id, first.annotation_id)
    assert again.expires_at > first.expires_at


def test_an_expired_lease_frees_the_item(house):
    mine = draw(QueueRequest(house.project, house.reviewer))
    assert draw(QueueRequest(house.project, house.reviewer2)) is None
    ran_out()
    theirs = draw(QueueRequest(house.project, house.reviewer2))

    assert (theirs.annotation_id, theirs.id == mine.id) == (mine.annotation_id, False)
    assert leases.renew(mine.id, house.reviewer) is None


def test_an_expired_lease_is_renewed_while_nobody_else_has_the_item(house):
    mine = draw(QueueRequest(house.project, house.reviewer))
    ran_out()

    assert leases.renew(mine.id, house.reviewer) > timezone.now()
    assert draw(QueueRequest(house.project, house.reviewer2)) is None


def test_lease_is_renewed_by_its_holder_only(house):
    mine = draw(QueueRequest(house.project, house.reviewer))

    assert leases.renew(mine.id, house.reviewer2) is None


def test_released_item_is_free_and_released_once(house):
    mine = draw(QueueRequest(house.project, house.reviewer))

    assert (leases.release(mine.id), leases.release(mine.id)) == (True, False)
    assert draw(QueueRequest(house.project, house.reviewer2)).annotation_id == mine.annotation_id


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
@pytest.mark.parametrize("decider", ["reviewer", "reviewer2"])
def test_any_decision_ends_the_lease(house, verdict, decider):
    mine = draw(QueueRequest(house.project, house.reviewer))
    reviewed(house.annotation, getattr(house, decider), verdict)

    assert leases.renew(mine.id, house.reviewer) is None
    assert not leases.live(house.project).exists()


def test_edit_by_the_author_keeps_the_lease(house):
    mine = draw(QueueRequest(house.project, house.reviewer))
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    assert leases.renew(mine.id, house.reviewer)


def test_leases_of_a_removed_member_are_released(house):
    draw(QueueRequest(house.project, house.reviewer))

    assert (leases.release_all(house.project, house.reviewer), leases.live(house.project).count()) == (1, 0)


# --- many at once -----------------------------------------------------------------------------------


@pytest.fixture
def crowd(house):
    """REVIEWERS people and WORK annotations."""
    tasks = task_service.create_many(house.project, [{"data": {"text": "A"}}] * (WORK - 1), actor=house.lead)
    annotations.submit_many(
        [(one, annotations.Work(result=result())) for one in tasks], actor=house.annotator
    )
    return [factories.member(house.project, "RE", f"crowd-{number}") for number in range(REVIEWERS)]


@pytest.mark.django_db(transaction=True)
def test_many_reviewers_never_get_one_item_twice_and_leave_none(house, crowd):
    def work(person) -> list[int]:
        mine = []
        while (lease := draw(QueueRequest(house.project, person))) or why_empty(
            QueueRequest(house.project, person)
        ).code != "done":
            if lease:
                mine.append(lease.annotation_id)
                AnnotationReviewService(person).accept(Annotation(pk=lease.annotation_id))
        return mine

    got = together([lambda person=person: work(person) for person in crowd])

    assert set(Counter(pk for mine in got for pk in mine).values()) == {1}
    assert Review.objects.count() == WORK
    assert_all_true(house.project)


@pytest.mark.django_db(transaction=True)
def test_concurrent_draws_get_different_items(house, crowd):
    got = together([lambda person=person: draw(QueueRequest(house.project, person)) for person in crowd])

    assert len({lease.annotation_id for lease in got}) == REVIEWERS


@pytest.mark.django_db(transaction=True)
def test_two_tabs_of_one_person_get_the_same_item(house, crowd):
    got = together([lambda: draw(QueueRequest(house.project, crowd[0]))] * 4)

    assert len({(lease.id, lease.annotation_id) for lease in got}) == 1


@pytest.mark.django_db(transaction=True)
def test_last_item_that_is_being_written_is_waited_for(house):
    waiting = one_waits_for_another(
        lambda: QueueEntry.objects.update(lowest_score=0.5),
        lambda: draw(QueueRequest(house.project, house.reviewer)),
    )

    assert waiting.result().annotation_id == house.annotation.pk
