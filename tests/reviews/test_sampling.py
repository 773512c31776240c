"""`review_task_limit_percent`: the seeded sample stays exact while tasks are added and
deleted and the share changes."""

from decimal import Decimal

import pytest
from django.core.management import CommandError
from hypothesis import given
from hypothesis import strategies as st

from reviews import sampling
from reviews.models import QueueEntry
from reviews.sampling import sample_size
from tasks import totals
from tasks.models import Task
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests.factories import result, reviewed
from tests.reviews.test_recount import run
from tests.snapshots import assert_counters_true


def limit(house, percent) -> None:
    house.project = projects.update(
        house.project, {"review_task_limit_percent": Decimal(str(percent))}, actor=house.lead
    )


def add(house, count: int) -> list[Task]:
    tasks = task_service.create_many(house.project, [{"data": {"text": "A"}}] * count, actor=house.lead)
    return list(Task.objects.filter(pk__in=[task.pk for task in tasks]))


def drawn() -> set[int]:
    return set(Task.objects.filter(review_required=True, deleted_at=None).values_list("pk", flat=True))


@given(st.integers(0, 10**6), st.integers(0, 1000), st.decimals(0, 100, places=2))
def test_sample_grows_by_at_most_what_arrives_and_is_exact(tasks, more, percent):
    size, later = sample_size(tasks, percent), sample_size(tasks + more, percent)

    assert abs(size - tasks * percent / 100) <= Decimal("0.5")
    assert 0 <= later - size <= more


@pytest.mark.parametrize("percent", [0, 12.5, 33.33, 50, 99, 100])
def test_share_is_exact_and_reproducible(house, percent):
    add(house, 19)
    limit(house, percent)
    first = drawn()
    limit(house, 50 if percent != 50 else 100)
    limit(house, percent)

    assert len(first) == sample_size(20, Decimal(str(percent)))
    assert drawn() == first
    assert_counters_true(house.project)


def test_the_seed_decides_which_tasks_are_sampled(house):
    add(house, 19)
    limit(house, 50)
    by_place = sorted(Task.objects.all(), key=lambda task: sampling.place_of(task, house.project))

    assert drawn() == {task.pk for task in by_place[:10]}


def test_later_tasks_fill_the_sample_and_earlier_flags_stay(house):
    limit(house, 30)
    for count in (1, 5, 1, 13, 7):
        before = drawn()
        add(house, count)
        there = Task.objects.count()
        assert before <= drawn()
        assert len(drawn()) == sample_size(there, Decimal(30))
    assert_counters_true(house.project)


def test_sample_stays_exact_when_tasks_are_deleted(house):
    limit(house, 50)
    tasks = add(house, 20)
    for some in (tasks[:3], tasks[3:10], tasks[10:11]):
        task_service.delete_many(house.project, [task.pk for task in some], actor=house.lead)
        assert len(drawn()) == sample_size(Task.objects.filter(deleted_at=None).count(), Decimal(50))
    assert_counters_true(house.project)
    assert run("recount", check=True).startswith("no drift")


def test_only_sampled_tasks_wait_and_the_others_count_as_done(house):
    tasks = add(house, 9)
    annotations.submit_many(
        [(task, annotations.Work(result=result())) for task in tasks], actor=house.annotator
    )
    limit(house, 20)

    assert set(QueueEntry.objects.values_list("task", flat=True)) == drawn()
    counted = totals.totals_of([house.project.pk])[house.project.pk]
    assert (counted["sampled"], counted["review_done"], counted["reviewed"]) == (2, 8, 0)


def test_a_task_outside_the_sample_may_still_be_reviewed(house):
    limit(house, 0)
    assert not QueueEntry.objects.exists()

    reviewed(house.annotation, house.reviewer, "rejected")

    assert QueueEntry.objects.get().queue == "rejected"
    assert totals.totals_of([house.project.pk])[house.project.pk]["review_done"] == 1


def test_wrong_sample_is_found_and_repaired(house):
    add(house, 9)
    limit(house, 50)
    Task.objects.update(review_required=True)

    with pytest.raises(CommandError):
        run("recount", check=True)
    run("recount")

    assert run("recount", check=True).startswith("no drift")
    assert len(drawn()) == 5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: QueueEntry.objects.all().delete(),
        lambda: QueueEntry.objects.update(queue="rejected"),
        lambda: QueueEntry.objects.update(shuffle=0),
        lambda: Task.objects.update(review_required=False),
    ],
)
def test_wrong_queue_entries_are_found_and_repaired(house, spoil):
    spoil()

    with pytest.raises(CommandError):
        run("recount", check=True)
    run("recount")

    assert run("recount", check=True).startswith("no drift")
    assert QueueEntry.objects.get().queue == "review"
