"""How many places one person holds, for how long, and what ends them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import QueueEntry
from reviews.queue import leases
from reviews.queue.drawing import QueueRequest, draw
from tasks.choices import AssignmentType
from tasks.models import Reservation, Task
from tasks.services import assignments, members, reservations, stream
from tasks.services import tasks as task_service
from tests.factories import annotation, client_of
from tests.parallel import together
from users.capabilities import Role
from users.models import User

LIMIT = 3


@pytest.fixture
def letters(house) -> list[Task]:
    """Seven tasks, three of them with an annotation that waits for review."""
    made = task_service.create_many(house.project, [{"data": {"text": "A"}}] * 7, actor=house.lead)
    for one in made[:3]:
        annotation(one, house.annotator)
    return made


def lease_on(house, task: Task, who=None):
    return draw(QueueRequest(house.project, who or house.reviewer, task_id=task.pk))


def place_on(house, task: Task, who=None):
    return stream.draw(house.project, Task.objects.filter(pk=task.pk), who or house.reviewer).place


def held(house, who=None) -> list[int]:
    """Ids of the tasks."""
    who = who or house.reviewer
    leased = leases.live(house.project).filter(leased_to=who).values_list("task", flat=True)
    reserved = reservations.live(house.project).filter(user=who).values_list("task", flat=True)
    return sorted([*leased, *reserved])


def earlier(**by: float) -> None:
    """What is held was taken, and renewed, so much earlier."""
    for one in QueueEntry.objects.exclude(lease=None):
        QueueEntry.objects.filter(pk=one.pk).update(
            leased_at=one.leased_at - timedelta(**by), leased_until=one.leased_until - timedelta(**by)
        )
    for place in Reservation.objects.all():
        Reservation.objects.filter(pk=place.pk).update(
            created_at=place.created_at - timedelta(**by), expires_at=place.expires_at - timedelta(**by)
        )


def test_with_a_fourth_place_the_one_held_longest_is_given_back(house, letters):
    for one in [house.task, *letters[:3]]:
        lease_on(house, one)

    assert held(house) == [one.pk for one in letters[:3]]


def test_places_to_label_and_to_review_count_together(house, letters):
    lease_on(house, letters[0])
    for one in letters[4:]:
        place_on(house, one)

    assert held(house) == [one.pk for one in letters[4:]]


def test_a_place_of_an_assigned_task_counts(house, letters):
    assignments.assign(letters, [house.annotator2], AssignmentType.ANNOTATOR)
    for one in letters[3:]:
        place_on(house, one, house.annotator2)

    assert held(house, house.annotator2) == [one.pk for one in letters[4:]]


def test_others_and_other_projects_do_not_count(house, letters):
    for one, who in [(letters[0], house.reviewer), (letters[1], house.reviewer2)]:
        lease_on(house, one, who)
    for one in letters[3:5]:
        place_on(house, one)

    assert (len(held(house)), len(held(house, house.reviewer2))) == (LIMIT, 1)


@pytest.mark.django_db(transaction=True)
def test_many_tabs_at_once_hold_no_more(house, letters):
    together(
        [lambda one=one: lease_on(house, one) for one in letters[:3]]
        + [lambda one=one: place_on(house, one) for one in letters[3:]]
    )

    assert len(held(house)) == LIMIT


def test_a_lease_is_renewed_for_four_lease_times(house):
    lease = lease_on(house, house.task)
    renewed = 0
    while leases.renew(lease.id, house.reviewer):
        renewed += 1
        earlier(minutes=5)

    assert renewed == 8
    assert lease_on(house, house.task, house.reviewer2)


def test_drawing_again_does_not_hold_it_longer(house):
    lease = lease_on(house, house.task)
    for _ in range(7):
        earlier(minutes=5)
        assert lease_on(house, house.task).id == lease.id
    earlier(minutes=5)

    assert lease_on(house, house.task, house.reviewer2)


def test_a_place_to_label_is_renewed_for_four_lease_times(house, letters):
    place = place_on(house, letters[5])
    renewed = 0
    while reservations.renew(place.id, house.reviewer):
        renewed += 1
        earlier(minutes=5)

    assert renewed == 8
    assert place_on(house, letters[5], house.annotator2)


def test_saving_drafts_keeps_a_place_to_label(house, letters):
    place = place_on(house, letters[5])
    for _ in range(12):
        earlier(minutes=5)
        reservations.extend(letters[5].pk, house.reviewer.pk)
        assert reservations.renew(place.id, house.reviewer)

    assert held(house) == [letters[5].pk]


LOSING = {
    "demoted": lambda h: members.set_role(h.project, h.reviewer, Role.ANNOTATOR),
    "promoted": lambda h: members.set_role(h.project, h.reviewer, Role.MANAGER),
    "paused": lambda h: members.set_paused(h.membership(h.reviewer), True, actor=h.lead),
    "removed": lambda h: members.remove(h.membership(h.reviewer), actor=h.lead),
}


@pytest.mark.parametrize("how", LOSING)
def test_what_ends_a_membership_or_a_role_frees_the_places(house, letters, how):
    lease, place = lease_on(house, house.task), place_on(house, letters[5])
    LOSING[how](house)

    assert held(house) == []
    client = client_of(house.reviewer)
    for one in (lease, place):
        answer = client.post(f"/api/leases/{one.id}/renew/")
        assert (answer.status_code, answer.json()["code"]) == (404, "lease_ended")


@pytest.mark.parametrize("how", ["demoted", "paused", "removed"])
def test_who_may_not_work_here_renews_nothing(house, letters, how):
    """Also where something was taken at the same moment."""
    lease, place = lease_on(house, house.task), place_on(house, letters[5])
    rows = [
        QueueEntry.objects.filter(lease=lease.id).values(),
        Reservation.objects.filter(pk=place.id).values(),
    ]
    (entry,), (reservation,) = map(list, rows)
    LOSING[how](house)
    QueueEntry.objects.filter(pk=entry["annotation_id"]).update(**entry)
    if how != "demoted":  # annotators label as well
        Reservation.objects.create(**reservation)

    reviewer = User.objects.get(pk=house.reviewer.pk)
    assert leases.renew(lease.id, reviewer) is None
    assert reservations.renew(place.id, reviewer) is None


def test_expired_places_do_not_count(house, letters):
    QueueEntry.objects.filter(task=house.task).update(entered_at=timezone.now())
    for one in letters[:3]:
        lease_on(house, one)
    earlier(minutes=11)
    lease_on(house, house.task)

    assert held(house) == [house.task.pk]
