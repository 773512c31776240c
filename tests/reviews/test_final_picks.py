"""Concurrent picks, undos of picks and undos of verdicts: at most one answer, consistent with the rows."""

import pytest

from reviews import final_picks
from reviews.models import FinalPick
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Task
from tests import factories
from tests.parallel import one_waits_for_another, together
from tests.snapshots import assert_all_true

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conflict(house) -> factories.House:
    house.second = factories.annotation(house.task, house.annotator2, "B")
    house.accepts = [
        factories.reviewed(annotation, house.reviewer) for annotation in (house.annotation, house.second)
    ]
    return house


def now(house) -> tuple[str, int | None]:
    task = Task.objects.get(pk=house.task.pk)
    return task.final_state, task.final_annotation_id


def tried(move):
    def attempt() -> str:
        try:
            move()
        except Refused as refused:
            return refused.code
        return "done"

    return attempt


def test_many_picks_and_undos_at_once_leave_one_answer_or_none(conflict):
    house = conflict
    wanted = [house.annotation.pk, house.second.pk] * 6
    moves = [tried(lambda pk=pk: final_picks.pick(house.task, pk, actor=house.reviewer)) for pk in wanted]
    moves += [tried(lambda: final_picks.undo(house.task, actor=house.lead))] * 4

    assert set(together(moves)) == {"done"}

    live = list(FinalPick.objects.filter(undone_at=None).values_list("annotation", flat=True))
    assert now(house) == (("gold", live[0]) if live else ("conflict", None))
    assert_all_true(house.project)


def test_a_pick_that_waits_for_the_undo_of_its_verdict_is_refused(conflict):
    house = conflict
    waiting = one_waits_for_another(
        lambda: AnnotationReviewService(house.lead).undo(house.accepts[1].review),
        tried(lambda: final_picks.pick(house.task, house.second.pk, actor=house.reviewer)),
    )

    assert waiting.result() == "not_standing"
    assert now(house) == ("gold", house.annotation.pk)
    assert not FinalPick.objects.exists()
    assert_all_true(house.project)


def test_an_undo_that_waits_for_the_pick_makes_it_void(conflict):
    house = conflict
    one_waits_for_another(
        lambda: final_picks.pick(house.task, house.second.pk, actor=house.reviewer),
        lambda: AnnotationReviewService(house.lead).undo(house.accepts[1].review),
    ).result()

    assert now(house) == ("gold", house.annotation.pk)
    assert FinalPick.objects.get().undone_at is not None
    assert_all_true(house.project)
