"""Annotations reopened to anyone: the slot is free, and whoever takes it first has it."""

import pytest

from reviews.service import AnnotationReviewService
from tasks.models import Task
from tasks.services import stream
from tests.factories import annotation, reviewed
from tests.reviews.steps import decide, now, patch, settings
from tests.reviews.test_recount import run

pytestmark = pytest.mark.usefixtures("adds_up")


@pytest.fixture(autouse=True)
def stored_as_counted(house):
    yield
    assert run("recount", check=True).startswith("no drift")


@pytest.fixture
def pooled(house):
    reviewed(house.annotation, house.reviewer)
    decide(house, "reopen", to="anyone")
    return house


def drawn(house, user):
    found = stream.draw(house.project, Task.objects.visible_to(user).order_by("id"), user)
    return found and (found.task_id, found.annotation_id)


def the_task(house) -> Task:
    return Task.objects.get(pk=house.task.pk)


def test_its_slot_is_free(pooled):
    assert not the_task(pooled).is_labeled
    assert drawn(pooled, pooled.annotator2) == (pooled.task.pk, None)


def test_its_author_can_get_it_too(pooled):
    assert drawn(pooled, pooled.annotator) == (pooled.task.pk, pooled.annotation.pk)


def test_its_author_takes_it_up_again(pooled):
    patch(pooled, "B", pooled.annotator)

    assert (the_task(pooled).is_labeled, now(pooled).returned_at) == (True, None)
    assert drawn(pooled, pooled.annotator2) is None


@pytest.mark.parametrize("criteria", ["one", "all"])
def test_after_a_substitute_the_first_annotation_is_not_waited_for(pooled, criteria):
    settings(pooled, review_criteria=criteria)
    anew = annotation(pooled.task, pooled.annotator2, "B")
    reviewed(anew, pooled.reviewer)

    assert (the_task(pooled).is_labeled, the_task(pooled).reviewed) == (True, True)
    assert drawn(pooled, pooled.annotator) is None


def test_undoing_the_reopen_fills_the_slot_again(pooled):
    AnnotationReviewService(pooled.reviewer).undo_reopen(now(pooled))

    assert the_task(pooled).is_labeled


def test_it_may_be_decided_at_once(pooled):
    reviewed(pooled.annotation, pooled.reviewer2)

    assert (the_task(pooled).is_labeled, the_task(pooled).reviewed) == (True, True)
