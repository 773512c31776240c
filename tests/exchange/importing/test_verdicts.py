"""Which verdicts of a file stand, and what is stored with them."""

import io
from typing import Any

import pytest

from exchange.importing.importer import import_file
from reviews.models import Review
from tasks.choices import ActionType, HistoryAction
from tasks.errors import Refused
from tasks.models import History
from tests import factories
from tests.exchange.importing.files import UUIDS, answer, load, only_annotation, review, task_of

pytestmark = pytest.mark.django_db

ACCEPTED, REJECTED, FIXED = "accepted", "rejected", "fixed_and_accepted"


def fix(before: str, after: str, **fields: Any) -> dict[str, Any]:
    results = {
        "previous_annotation_history_result": factories.result(before),
        "fixed_annotation_history_result": factories.result(after),
    }
    return review(True, **(results | fields))


@pytest.mark.parametrize(
    ("claimed", "reviews", "kept", "reason"),
    [
        (None, [], "imported", None),
        ("submitted", [], "submitted", None),
        ("updated", [], "updated", None),
        ("skipped", [], "skipped", None),
        ("prediction", [], "imported", None),
        ("deleted_review", [], "imported", None),
        (ACCEPTED, [review()], ACCEPTED, None),
        (None, [review()], ACCEPTED, None),
        (REJECTED, [review(False)], REJECTED, None),
        (FIXED, [fix("B", "A")], FIXED, None),
        (ACCEPTED, [], "imported", "no_standing_review"),
        (ACCEPTED, [review(False)], "imported", "other_verdict"),
        (ACCEPTED, [review(undone_at="2026-01-03T10:00:00Z")], "imported", "no_standing_review"),
        (ACCEPTED, [review(outdated=True)], "imported", "no_standing_review"),
        (
            ACCEPTED,
            [review(previous_annotation_history_result=factories.result("B"))],
            "imported",
            "result_differs",
        ),
        (FIXED, [fix("A", "B")], "imported", "result_differs"),
        ("updated", [review()], "updated", None),
    ],
)
def test_verdict_stands_only_with_a_matching_review(project, claimed, reviews, kept, reason):
    report = load([task_of(answer(last_action=claimed, reviews=reviews))], project).report

    annotation = only_annotation()
    assert annotation.last_action == kept
    assert (annotation.standing_review_id is not None) == (kept in (ACCEPTED, REJECTED, FIXED))
    assert dict(report.reasons) == ({reason: 1} if reason else {})
    assert report.verdicts_not_kept.tasks == (
        [{"task": 1, "annotation": 0, "reason": reason}] if reason else []
    )
    assert Review.objects.count() == len(reviews)


def test_skipped_work_keeps_no_verdict(project):
    report = load(
        [task_of(answer(was_cancelled=True, last_action="accepted", reviews=[review()]))], project
    ).report

    assert only_annotation().last_action == ActionType.IMPORTED
    assert dict(report.reasons) == {"skipped": 1}


def test_imported_review_is_marked_and_counted(project):
    rita = factories.person("rita")

    load(
        [
            task_of(
                answer(
                    reviews=[review(False, comment="Look again", reject_action="requeue", unique_id=UUIDS[2])]
                )
            )
        ],
        project,
    )

    annotation, signed = only_annotation(), Review.objects.get()
    assert (signed.created_by, signed.imported_by, str(signed.unique_id)) == (
        rita,
        project.created_by,
        UUIDS[2],
    )
    assert (signed.verdict, signed.comment, signed.reject_action, signed.state) == (
        REJECTED,
        "Look again",
        "requeue",
        "standing",
    )
    assert (annotation.last_created_by, annotation.returned_to, annotation.ever_reviewed) == (
        rita,
        annotation.completed_by,
        True,
    )
    assert (annotation.task.reviews_rejected, annotation.task.reviewed) == (1, False)


def test_redistributed_annotation_frees_its_slot(project):
    load([task_of(answer(reviews=[review(False, reject_action="redistribute")]))], project)

    annotation = only_annotation()
    assert (annotation.redistributed, annotation.task.is_labeled) == (True, False)


def test_fix_brings_both_versions(project):
    load([task_of(answer("A", reviews=[fix("B", "A")]))], project)

    annotation, signed = (
        only_annotation(),
        Review.objects.select_related("seen_version", "fixed_version").get(),
    )
    rows = History.objects.order_by("id").values_list("action", "number", "version__number", "review_id")
    assert list(rows) == [
        (HistoryAction.IMPORTED, 1, 1, None),
        (HistoryAction.FIXED_AND_ACCEPTED, 2, 2, signed.pk),
    ]
    assert (signed.seen_version.result, signed.fixed_version.result) == (
        factories.result("B"),
        factories.result("A"),
    )
    assert (annotation.version, annotation.current_version_id, annotation.version_author) == (
        2,
        signed.fixed_version_id,
        signed.created_by,
    )


def test_earlier_reviews_keep_their_order_and_fate(project):
    undone = review(True, created_at="2026-01-01T10:00:00Z", undone_at="2026-01-01T11:00:00Z")
    outdated = review(
        True, created_at="2026-01-02T10:00:00Z", previous_annotation_history_result=factories.result("B")
    )
    superseded = review(
        True, created_at="2026-01-03T10:00:00Z", previous_annotation_history_result=factories.result("A")
    )
    standing = review(
        False, created_at="2026-01-04T10:00:00Z", previous_annotation_history_result=factories.result("A")
    )

    load([task_of(answer("A", reviews=[standing, superseded, outdated], review_history=[undone]))], project)

    states = [(signed.state, signed.seen_version.number) for signed in Review.objects.order_by("id")]
    assert states == [("undone", 1), ("outdated", 1), ("superseded", 2), ("standing", 2)]


def test_imported_fix_can_be_undone(project):
    load([task_of(answer("A", reviews=[fix("B", "A")]))], project)

    factories.AnnotationReviewService(project.created_by).undo(Review.objects.get())

    annotation = only_annotation()
    assert (annotation.result, annotation.last_action) == (factories.result("B"), ActionType.DELETED_REVIEW)


def test_verdicts_need_a_manager(project):
    reviewer = factories.member(project, "RE", "reviewer")

    with pytest.raises(Refused) as refused:
        import_file(project, io.BytesIO(b"[]"), actor=reviewer)

    assert (refused.value.code, refused.value.status) == ("permission_denied", 403)
