"""The six unit tests, static methods and query helpers on Task that docs/decisions/001 keeps by name."""

import pytest
from django.core.exceptions import ValidationError

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, Task
from tasks.permissions import CanReviewAnnotation
from tasks.services import annotations, projects
from tests import factories
from tests.snapshots import refused

accept = AnnotationReviewService.accept_annotation
reject = AnnotationReviewService.reject_annotation
validate = AnnotationReviewService.validate_review_permission


def test_accept_annotation_success(house):
    accepted = accept(house.annotation, house.reviewer, "Looks good")

    factories.verdicts_checked()
    stored = Annotation.objects.get()
    review = Review.objects.get()
    assert accepted == stored
    assert (stored.last_action, stored.last_created_by, stored.standing_review_id) == (
        "accepted",
        house.reviewer,
        review.pk,
    )
    assert (review.verdict, review.comment, review.created_by, review.stands_on_id) == (
        "accepted",
        "Looks good",
        house.reviewer,
        stored.current_version_id,
    )


def test_reject_annotation_success(house):
    reject(house.annotation, house.reviewer, "Please fix labeling errors")

    factories.verdicts_checked()
    stored, review = Annotation.objects.get(), Review.objects.get()
    assert (stored.last_action, stored.last_created_by, stored.was_cancelled) == (
        "rejected",
        house.reviewer,
        False,
    )
    assert (review.comment, review.reject_action) == ("Please fix labeling errors", "requeue")


def test_cannot_review_own_annotation(house):
    own = factories.annotation(house.task, house.reviewer)

    with refused("own_annotation", 403):
        accept(own, house.reviewer)


def test_cannot_review_draft_annotation(house):
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)

    with refused("not_submitted"):
        accept(house.annotation, house.reviewer)


def test_cannot_review_skipped_annotation(house):
    skipped = factories.skipped(house.task, house.annotator2)

    with refused("skipped"):
        accept(skipped, house.reviewer)


def test_comment_required_when_configured(house):
    projects.update(house.project, {"require_review_comment_on_reject": True}, actor=house.lead)

    with refused("comment_required", field="comment"):
        reject(house.annotation, house.reviewer)
    assert reject(house.annotation, house.reviewer, "The letter is a B").last_action == "rejected"


def test_validate_review_permission_answers_true_or_raises_a_validation_error(house):
    assert validate(house.annotation, house.reviewer) is True
    for user in (house.annotator, house.stranger):
        with pytest.raises(ValidationError):
            validate(house.annotation, user)


def test_validate_review_permission_refuses_an_unsaved_annotation(house):
    unsaved = Annotation(task=house.task, project=house.project, completed_by=house.annotator)

    with refused("not_submitted"):
        validate(unsaved, house.reviewer)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("reviewer", True),
        ("lead", True),
        ("admin", True),
        ("annotator", False),
        ("annotator2", False),
        ("stranger", False),
    ],
)
def test_can_review_annotation_asks_the_capability_table(house, rf, who, expected):
    request = rf.get("/")
    request.user = getattr(house, who)

    assert CanReviewAnnotation().has_object_permission(request, None, house.annotation) is expected
    assert request.user.has_perm("tasks.review_annotation", house.annotation) is expected
    assert request.user.has_perm("tasks.review_annotation") is expected


def test_task_query_helpers_follow_last_action_to_the_letter(house):
    tasks = {
        verdict: factories.task(house.project) for verdict in ("accepted", "rejected", "fixed_and_accepted")
    }
    for verdict, task in tasks.items():
        for author in (house.annotator, house.annotator2):
            factories.reviewed(factories.annotation(task, author), house.reviewer, verdict)

    assert set(Task.objects.filter(house.task.get_rejected_query()).distinct()) == {tasks["rejected"]}
    assert set(Task.objects.filter(house.task.get_accepted_query()).distinct()) == {tasks["accepted"]}
    assert [tasks[v].count_accepted_annotations() for v in tasks] == [2, 0, 0]
    assert [tasks[v].count_rejected_annotations() for v in tasks] == [0, 2, 0]


def test_counter_queries_count_a_fix_as_accepted(house):
    fixed = factories.task(house.project)
    factories.reviewed(factories.annotation(fixed, house.annotator), house.reviewer, "fixed_and_accepted")
    factories.reviewed(house.annotation, house.reviewer, "rejected")

    assert list(Task.objects.with_accepted()) == [fixed]
    assert list(Task.objects.with_rejected()) == [house.task]


def test_task_query_helpers_leave_deleted_annotations_out(house):
    factories.reviewed(house.annotation, house.reviewer, "rejected")
    annotations.delete(house.annotation.pk, actor=house.lead)

    factories.verdicts_checked()
    assert house.task.count_rejected_annotations() == 0
    assert not Task.objects.filter(house.task.get_rejected_query()).exists()
