"""Which verdicts of a file stand, and what is stored with them."""

import io
import json
from typing import Any

import pytest

from exchange.importing.importer import import_file
from reviews.models import Review
from tasks.choices import ActionType, HistoryAction
from tasks.errors import Refused
from tasks.models import Annotation, History
from tests import factories
from tests.exchange.importing.files import UUIDS, answer, load, only_annotation, review, task_of
from tests.factories import client_of

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


EARLY, LATE = (
    review(True, created_at="2026-01-02T12:10:00Z"),
    review(False, created_at="2026-01-02T12:50:00Z"),
)


@pytest.mark.parametrize("claimed", [None, "verdict"])
@pytest.mark.parametrize(
    ("reviews", "history", "stands"),
    [
        ([EARLY, LATE], [], REJECTED),
        ([LATE, EARLY], [], REJECTED),
        ([EARLY], [LATE], REJECTED),
        ([], [EARLY, LATE], REJECTED),
        ([LATE | {"undone_at": "2026-01-02T13:00:00Z"}, EARLY], [], ACCEPTED),
        ([LATE | {"outdated": True}, EARLY], [], ACCEPTED),
        ([EARLY, LATE | {"superseded": True}], [], ACCEPTED),
    ],
)
def test_newest_verdict_that_is_neither_undone_nor_outdated_stands(
    project, reviews, history, stands, claimed
):
    body = answer(last_action=claimed and stands, reviews=reviews, review_history=history)

    report = load([task_of(body)], project).report

    assert (only_annotation().last_action, report.standing, report.verdicts_not_kept.count) == (stands, 1, 0)


def test_superseded_verdict_does_not_come_back_when_an_export_is_imported(house):
    service, annotation = factories.AnnotationReviewService(house.reviewer), house.annotation
    service.accept(annotation.pk)
    service.undo(service.reject(annotation.pk, comment="No").review)
    exported = client_of(house.lead).get(f"/api/projects/{house.project.pk}/export?exportType=JSON")
    tasks = json.loads(b"".join(exported.streaming_content))
    (body,) = tasks[0]["annotations"]
    assert [(r["accepted"], r["superseded"]) for r in body["review_history"]] == [
        (False, False),
        (True, True),
    ]

    load([tasks[0] | {"annotations": [body | {"last_action": None}]}], factories.project())

    assert Annotation.objects.latest("pk").standing_review_id is None


def test_verdicts_by_the_author_stand_and_are_reported(project):
    own = review(created_by={"email": "anna@example.org"})

    report = load([task_of(), task_of(answer(reviews=[own]), answer(reviews=[review()]))], project).report

    assert set(Annotation.objects.values_list("last_action", flat=True)) == {ACCEPTED}
    assert report.as_dict()["self_reviews"] == {
        "count": 1,
        "tasks": [{"task": 2, "annotation": 0, "stands": True}],
    }


def test_report_names_everybody_who_signs_in_the_file(project):
    owner = factories.person("owner", is_superuser=True)
    signed = review(created_by={"email": owner.email})

    report = load([task_of(answer(reviews=[signed, signed | {"accepted": False}]))], project).report

    assert report.as_dict()["reviewers"] == [{"email": owner.email, "reviews": 2}]
    assert f"2 reviews are signed {owner.email} in the file" in report.lines()


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
