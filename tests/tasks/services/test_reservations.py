"""The label stream keeps places: it never hands out more than overlap, and loses nobody's place while
they are at it.
"""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from tasks.models import Annotation, Reservation, Task
from tasks.services import annotations, drafts, projects, reservations, stream
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import annotation, result, skipped, task
from tests.parallel import together

PEOPLE = 8


def drawn(house, who) -> int | None:
    tasks = Task.objects.visible_to(who).filter(project=house.project).order_by("id")
    found = stream.draw(house.project, tasks, who)
    return found.task_id if found else None


def ran_out() -> None:
    Reservation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def two(house):
    """Two tasks that want one annotation each."""
    return [task(house.project).pk, task(house.project).pk]


def test_drawing_again_gives_the_same_task_and_another_person_the_next(house, two):
    assert [drawn(house, house.annotator), drawn(house, house.annotator), drawn(house, house.annotator2)] == [
        two[0],
        *two,
    ]
    assert drawn(house, house.reviewer) is None


def test_place_that_ran_out_is_free(house, two):
    drawn(house, house.annotator)
    ran_out()

    assert drawn(house, house.annotator2) == two[0]
    assert drawn(house, house.annotator) == two[1]


def test_submitting_and_skipping_end_the_place(house, two):
    drawn(house, house.annotator)
    annotation(Task.objects.get(pk=two[0]), house.annotator)
    drawn(house, house.annotator2)
    skipped(Task.objects.get(pk=two[1]), house.annotator2)

    assert not Reservation.objects.exists()
    assert (drawn(house, house.annotator), drawn(house, house.annotator2)) == (two[1], None)


def test_overlap_counts_annotations_and_places_together(house, two):
    projects.update(house.project, {"maximum_annotations": 2}, actor=house.lead)
    annotation(Task.objects.get(pk=two[0]), house.reviewer)

    assert drawn(house, house.annotator2) == house.task.pk
    assert [drawn(house, house.annotator), drawn(house, house.reviewer2)] == two
    assert drawn(house, house.lead) == two[1]


def test_saved_draft_keeps_the_place(house, two):
    drawn(house, house.annotator)
    place = Reservation.objects.get()
    draft = drafts.save(place.task, actor=house.annotator, result=result())
    saved = Reservation.objects.get().expires_at
    drafts.change(draft, result=result("B"))

    assert place.expires_at < saved < Reservation.objects.get().expires_at


def test_place_that_ran_out_is_renewed_unless_it_was_given_away(house, two):
    drawn(house, house.annotator)
    place = Reservation.objects.get()
    ran_out()
    assert reservations.renew(place.pk, house.annotator)

    ran_out()
    drawn(house, house.annotator2)
    assert reservations.renew(place.pk, house.annotator) is None


def test_place_is_renewed_by_its_holder_and_not_after_submitting(house, two):
    drawn(house, house.annotator)
    place = Reservation.objects.get()
    assert reservations.renew(place.pk, house.annotator2) is None

    annotation(place.task, house.annotator)
    assert reservations.renew(place.pk, house.annotator) is None


def test_places_are_swept_when_they_ran_out_and_released_when_somebody_leaves(house, two):
    drawn(house, house.annotator)
    assert (reservations.sweep(), reservations.release_all(house.project, house.annotator)) == (0, 1)

    drawn(house, house.annotator)
    ran_out()
    assert (reservations.sweep(), Reservation.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("overlap", [1, 3])
def test_stream_never_exceeds_overlap_however_many_draw(house, overlap):
    projects.update(house.project, {"maximum_annotations": overlap}, actor=house.lead)
    task_service.delete_many(house.project, [house.task.pk], actor=house.lead)
    house.project.refresh_from_db()
    task_service.create_many(house.project, [{"data": {"text": "A"}}] * 12, actor=house.lead)
    people = [factories.member(house.project, "AN", f"crowd-{number}") for number in range(PEOPLE)]

    def work(person) -> int:
        done = 0
        while pk := drawn(house, person):
            annotations.submit(Task(pk=pk), annotations.Work(result=result()), actor=person)
            done += 1
        return done

    done = together([lambda person=person: work(person) for person in people])

    per_task = Counter(
        Annotation.objects.filter(deleted_at=None, task__deleted_at=None).values_list("task", flat=True)
    )
    assert set(per_task.values()) == {overlap}
    assert (len(per_task), sum(done)) == (12, 12 * overlap)


@pytest.mark.django_db(transaction=True)
def test_one_person_who_asks_many_times_at_once_holds_one_place(house, two):
    together([lambda: drawn(house, house.annotator)] * PEOPLE)

    assert Reservation.objects.filter(user=house.annotator).count() == 1


@pytest.mark.django_db(transaction=True)
def test_last_place_of_a_task_is_given_while_somebody_takes_the_first(house):
    projects.update(house.project, {"maximum_annotations": 2}, actor=house.lead)
    task_service.delete_many(house.project, [house.task.pk], actor=house.lead)
    house.project.refresh_from_db()
    last = task(house.project)
    people = [factories.member(house.project, "AN", f"crowd-{number}") for number in range(PEOPLE)]

    got = together([lambda person=person: drawn(house, person) for person in people])

    assert Counter(got) == {last.pk: 2, None: PEOPLE - 2}
