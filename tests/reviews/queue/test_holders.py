"""What somebody holds becomes free when they become its author, change their role, or leave."""

from collections.abc import Callable

import pytest
from django.core.management import call_command

from reviews.models import QueueEntry
from reviews.queue.drawing import QueueRequest, draw
from tasks.models import Annotation, Reservation
from tasks.services import annotations, members, stream
from tests.factories import House, browser_of, client_of, task
from users import merging
from users.models import User


def holds_both(house: House) -> None:
    """The reviewer reviews one annotation, and labels another task."""
    fresh = task(house.project)
    assert draw(QueueRequest(house.project, house.reviewer)).annotation_id == house.annotation.pk
    assert stream.draw(house.project, type(fresh).objects.filter(pk=fresh.pk), house.reviewer)


def held_by(who: User) -> tuple[int, int]:
    return QueueEntry.objects.filter(leased_to=who).count(), Reservation.objects.filter(user=who).count()


def role(code: str) -> Callable[[House], object]:
    return lambda house: client_of(house.lead).post(
        "/api/projects/roles/",
        {"project": house.project.pk, "user": house.reviewer.pk, "role": code},
        format="json",
    )


def deactivated(house: House) -> None:
    owner = User.objects.create_superuser("owner@example.org", "a long enough password")
    browser, path = browser_of(owner), f"/admin/users/user/{house.reviewer.pk}/change/"
    form = browser.get(path).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    fields.pop("is_active")
    assert browser.post(path, fields).status_code == 302


LEAVING = {
    "demoted": role("AN"),
    "promoted": role("MA"),
    "paused": lambda h: members.set_paused(h.membership(h.reviewer), True, actor=h.lead),
    "removed": lambda h: members.remove(h.membership(h.reviewer), actor=h.lead),
    "deactivated": deactivated,
}


@pytest.mark.parametrize("how", LEAVING)
def test_a_change_of_role_releases_what_they_hold(house, how):
    holds_both(house)
    assert held_by(house.reviewer) == (1, 1)

    LEAVING[how](house)

    assert held_by(house.reviewer) == (0, 0)
    assert draw(QueueRequest(house.project, house.reviewer2)).annotation_id == house.annotation.pk


def test_the_same_role_again_releases_nothing(house):
    holds_both(house)

    role("RE")(house)

    assert held_by(house.reviewer) == (1, 1)


def given_to_holder(house: House) -> None:
    annotations.edit(house.annotation.pk, {"completed_by": house.reviewer}, actor=house.lead)


def merged_into_holder(house: House) -> None:
    User.objects.filter(pk=house.annotator.pk).update(is_placeholder=True, is_active=False)
    merging.merge(User.objects.get(pk=house.annotator.pk), house.reviewer, actor=house.admin)


@pytest.mark.parametrize("becomes", [given_to_holder, merged_into_holder])
def test_who_becomes_the_author_holds_it_no_longer(house, becomes):
    draw(QueueRequest(house.project, house.reviewer))

    becomes(house)

    assert Annotation.objects.get().completed_by == house.reviewer
    assert held_by(house.reviewer)[0] == 0
    assert draw(QueueRequest(house.project, house.reviewer)) is None
    assert draw(QueueRequest(house.project, house.reviewer2)).annotation_id == house.annotation.pk
    call_command("recount", check=True, verbosity=0)
