"""Requests that waited for a lock read again once they have it."""

import pytest
from django.db import connection, transaction

from reviews.decisions.request import VerdictRequest
from reviews.models import Comment, Review
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.models import Annotation, History
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import result
from tests.parallel import one_waits_for_another, together
from tests.snapshots import assert_all_true

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_verdict_that_waited_for_new_criteria_follows_them(house):
    projects.update(house.project, {"maximum_annotations": 2}, actor=house.lead)

    def change():
        return projects.update(house.project, {"review_criteria": "all"}, actor=house.lead)

    one_waits_for_another(
        change, lambda: AnnotationReviewService(house.reviewer).accept(house.annotation)
    ).result()

    assert_all_true(house.project)


def test_a_submission_that_waited_for_new_criteria_follows_them(house):
    projects.update(house.project, {"review_criteria": "all"}, actor=house.lead)
    factories.reviewed(house.annotation, house.reviewer)

    def change():
        return projects.update(house.project, {"review_criteria": "one"}, actor=house.lead)

    one_waits_for_another(change, lambda: factories.annotation(house.task, house.annotator2)).result()

    assert_all_true(house.project)


def test_new_data_that_waited_for_a_first_annotation_is_in_its_history(house):
    blank = factories.task(house.project)

    def change():
        return task_service.update(blank.pk, {"data": {"text": "New"}}, actor=house.lead)

    one_waits_for_another(lambda: factories.annotation(blank, house.annotator), change).result()

    rows = History.objects.filter(annotation__task=blank).order_by("id").values_list("action", flat=True)
    assert list(rows) == ["submitted", "data_changed"]
    assert_all_true(house.project)


def test_new_data_that_waited_for_a_first_annotation_needs_a_manager(house):
    blank = factories.task(house.project)

    def change():
        return task_service.update(blank.pk, {"data": {"text": "New"}}, actor=house.reviewer)

    changed = one_waits_for_another(lambda: factories.annotation(blank, house.annotator), change)

    assert changed.exception().code == "task_is_annotated"


def test_an_undo_of_a_selection_leaves_the_verdict_it_waited_for(house):
    bulk = AnnotationReviewService(house.lead).reject_many([house.annotation]).bulk

    def decide():
        return AnnotationReviewService(house.reviewer).accept(house.annotation)

    undone = one_waits_for_another(decide, lambda: AnnotationReviewService(house.lead).undo_bulk(bulk))

    (refused,) = undone.result().refused
    assert (refused[1].code, Annotation.objects.get().last_action) == ("not_standing", "accepted")


def test_a_change_of_a_verdict_leaves_the_one_it_waited_for(house):
    first = factories.reviewed(house.annotation, house.reviewer).review

    changed = one_waits_for_another(
        lambda: AnnotationReviewService(house.reviewer2).reject(house.annotation),
        lambda: AnnotationReviewService(house.reviewer).change(
            first, VerdictRequest(ActionType.FIXED_AND_ACCEPTED, result=result("B"))
        ),
    )

    assert changed.exception().code == "not_standing"
    assert changed.exception().detail == "This verdict is superseded. Only a standing verdict can be changed."
    assert (Review.objects.count(), Annotation.objects.get().last_action) == (2, "rejected")


def test_a_verdict_that_waited_for_an_edit_sees_it(house):
    def edit():
        return annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)

    decided = one_waits_for_another(
        edit, lambda: AnnotationReviewService(house.reviewer).accept(house.annotation)
    )

    assert decided.exception().code == "skipped"


def test_an_edit_that_waited_for_a_verdict_is_locked_by_it(house):
    def edit():
        return annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    edited = one_waits_for_another(
        lambda: AnnotationReviewService(house.reviewer).accept(house.annotation), edit
    )

    assert edited.exception().code == "locked_by_verdict"


def test_a_locked_row_can_be_referred_to(house):
    """Foreign keys take KEY SHARE at commit: a plain FOR UPDATE would keep them waiting,
    and two of them deadlock."""

    def refer() -> Comment:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            about = {"annotation": house.annotation, "task": house.task, "project": house.project}
            return Comment.objects.create(text="Hello", created_by=house.reviewer, **about)

    with transaction.atomic():
        annotations.lock(house.annotation.pk)
        (said,) = together([refer])

    assert Comment.objects.get() == said
