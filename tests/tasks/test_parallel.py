"""Numbers of tasks, totals and drafts, many at once."""

from copy import copy
from threading import Event

import pytest

from tasks import totals
from tasks.models import Annotation, ProjectDelta, Task
from tasks.services import annotations, drafts
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import result
from tests.parallel import together
from tests.snapshots import assert_counters_true

pytestmark = pytest.mark.django_db(transaction=True)


def test_numbers_within_a_project_are_given_once_and_without_a_gap(house):
    row = {"data": {"text": "A"}}

    together(
        [lambda: [task_service.create_many(house.project, [row] * 3, actor=house.lead) for _ in range(4)]] * 8
    )

    numbers = (
        Task.objects.filter(project=house.project).order_by("inner_id").values_list("inner_id", flat=True)
    )
    assert list(numbers) == list(range(1, 8 * 4 * 3 + 2))


def test_totals_are_right_at_every_moment_while_they_are_folded(house):
    finished = Event()

    def fold() -> int:
        folds = 0
        while not finished.is_set():
            totals.fold()
            folds += 1
        return folds

    def write() -> list[tuple[int, int]]:
        try:
            return [written(number) for number in range(2, 42)]
        finally:
            finished.set()

    def written(number: int) -> tuple[int, int]:
        task = factories.task(house.project)
        factories.annotation(task, house.annotator)
        read = totals.totals_of([house.project.pk])[house.project.pk]
        return number, read["tasks"] * (read["annotations"] == number)

    *_, seen = together([fold, fold, write])

    assert all(expected == read for expected, read in seen)
    totals.fold()
    assert not ProjectDelta.objects.exists()
    assert_counters_true(house.project)


def test_totals_of_many_writers_lose_nothing(house):
    tasks = task_service.create_many(house.project, [{"data": {"text": "A"}}] * 40, actor=house.lead)

    def annotate(mine):
        for task in mine:
            factories.annotation(task, house.annotator)
            totals.fold()

    together([lambda part=part: annotate(tasks[part::4]) for part in range(4)])

    assert totals.totals_of([house.project.pk])[house.project.pk]["annotations"] == 41
    assert_counters_true(house.project)


def test_totals_of_a_project_nothing_happened_in_are_zero(house):
    empty = factories.project()

    assert totals.totals_of([empty.pk, 99_999_999]) == dict.fromkeys(
        (empty.pk, 99_999_999), dict.fromkeys(totals.COUNTED, 0)
    )


@pytest.mark.parametrize("on_annotation", [False, True])
def test_a_draft_submitted_many_times_at_once_is_submitted_once(house, on_annotation):
    draft = drafts.save(
        house.task, actor=house.annotator, annotation=house.annotation if on_annotation else None
    )

    work = annotations.Work(result=result("B"))

    submitted = together([lambda: drafts.submit(copy(draft), work, actor=house.annotator)] * 8)

    latest = Annotation.objects.latest("id")
    assert set(submitted) == {latest}
    assert (Annotation.objects.count(), latest.result) == (1 if on_annotation else 2, result("B"))
    assert latest.version == (2 if on_annotation else 1)
