"""Bulk actions too long for a request: a job does them part by part, as one bulk action."""

import pytest

from jobs import runner
from jobs.models import Job, State
from reviews import bulk
from reviews.models import BulkReview, Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations, members
from tests import factories
from tests.factories import client_of, reviewed, verdicts_checked
from tests.snapshots import assert_all_true, everything

# A running job uses a second connection.
pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/annotations/bulk-review/"


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[int]:
    """The jobs that a worker was asked for. Three annotations are many here, done two by two."""
    monkeypatch.setattr(bulk, "LIMIT", 2)
    messages: list[int] = []
    monkeypatch.setattr(runner, "send", messages.append)
    return messages


@pytest.fixture
def five(house) -> list[int]:
    """The second is accepted by reviewer2; the third is the reviewer's own."""
    authors = [house.annotator, house.annotator, house.reviewer, house.annotator2, house.annotator2]
    work = [factories.annotation(factories.task(house.project), author) for author in authors]
    reviewed(work[1], house.reviewer2)
    return [one.pk for one in work]


def post(house, ids: list[int], by: str = "reviewer", **asked):
    return client_of(getattr(house, by)).post(URL, {"annotations": ids} | asked, format="json")


def steps(number: int = 10) -> Job:
    job = Job.objects.latest("id")
    for _ in range(number):
        runner.run_step(job.pk)
        verdicts_checked()
    job.refresh_from_db()
    return job


def last_actions() -> list[str]:
    return list(Annotation.objects.order_by("id").values_list("last_action", flat=True)[1:])


def test_a_long_selection_is_answered_with_a_job(house, five):
    answer = post(house, [*five, 10**9], action="accept")

    job, made = Job.objects.get(), BulkReview.objects.get()
    unknown = ("processed_items", "done", "refused", "reasons", "replaced", "restored", "not_restored")
    assert (answer.status_code, answer.json()) == (
        202,
        dict.fromkeys(unknown)
        | {
            "id": made.pk,
            "action": "accept",
            "dry_run": False,
            "detail": f"This takes a moment. Job {job.pk} reports when it is done.",
            "not_found": [10**9],
            "job": {"id": job.pk, "url": f"/api/jobs/{job.pk}/"},
        },
    )
    assert not Review.objects.exclude(created_by=house.reviewer2).exists()


def test_its_parts_commit_one_by_one_and_are_one_bulk_action(house, five):
    post(house, five, action="reject", reject_action="remove", comment="No", include_decided=True)

    seen = [(steps(1).done, last_actions().count("rejected")) for _ in range(3)]

    job, made = Job.objects.get(), BulkReview.objects.get()
    assert seen == [(2, 2), (4, 3), (5, 4)]
    assert (job.state, job.sentence) == (State.SUCCEEDED, "5 of 5 annotations. Rejected: 4")
    assert job.report == {
        "id": made.pk,
        "action": "reject",
        "detail": "Rejected: 4. 1 verdict of somebody else replaced. Left alone: 1 of your own work.",
        "done": 4,
        "replaced": 1,
        "restored": 0,
        "not_found": 0,
        "refused": {"own_annotation": 1},
        "not_restored": {},
        "listed": [
            {
                "annotation": five[2],
                "code": "own_annotation",
                "detail": "This is your own work: somebody else has to review it.",
            }
        ],
    }
    assert set(Review.objects.filter(bulk=made).values_list("comment", "reject_action")) == {("No", "remove")}
    assert_all_true(house.project)


def test_cancelled_it_keeps_what_was_done_and_that_can_be_undone(house, five):
    made = post(house, five, action="reject", include_decided=True).json()["id"]
    steps(1)
    runner.cancel(Job.objects.get())

    undone = client_of(house.reviewer).post(f"/api/bulk-reviews/{made}/undo/").json()

    assert Job.objects.get().state == State.CANCELLED
    assert (undone["processed_items"], undone["restored"]) == (2, [five[1]])
    assert last_actions() == ["deleted_review", "accepted", "submitted", "submitted", "submitted"]


def test_it_cannot_be_undone_while_it_runs(house, five):
    made = post(house, five, action="accept").json()["id"]
    steps(1)

    answer = client_of(house.reviewer).post(f"/api/bulk-reviews/{made}/undo/")

    assert (answer.status_code, answer.json()["code"]) == (400, "still_running")


@pytest.mark.parametrize("action", ["reject", "reopen", "undo"])
def test_a_long_undo_is_a_job_that_restores(house, five, action):
    for pk in five[3:]:
        reviewed(Annotation.objects.get(pk=pk), house.reviewer2, "rejected", reject_action="remove")
    before = last_actions()
    made = post(house, five, by="lead", action=action, include_decided=True).json()["id"]
    steps()

    answer = client_of(house.lead).post(f"/api/bulk-reviews/{made}/undo/")
    job = steps()

    assert (answer.status_code, answer.json()["id"]) == (202, BulkReview.objects.latest("id").pk)
    assert (job.state, job.report["restored"]) == (State.SUCCEEDED, 3)
    restored = {"accepted", "rejected"}
    assert [x for x in last_actions() if x in restored] == [x for x in before if x in restored]
    assert_all_true(house.project)


def test_a_job_that_changes_nothing_leaves_no_bulk_action(house, five):
    mine = [factories.annotation(factories.task(house.project), house.reviewer).pk for _ in range(3)]
    post(house, mine, action="accept")

    job = steps()

    assert (job.report["id"], job.report["refused"]) == (None, {"own_annotation": 3})
    assert not BulkReview.objects.exists()


def test_who_may_not_review_starts_no_job(house):
    mine = [factories.annotation(factories.task(house.project), house.annotator).pk for _ in range(3)]
    before = everything()

    answer = post(house, mine, by="annotator", action="accept")

    assert (answer.status_code, answer.json()["code"], Job.objects.exists()) == (403, "not_a_reviewer", False)
    assert everything() == before


def test_whoever_loses_the_role_meanwhile_decides_nothing_more(house, five):
    post(house, five, action="accept")
    steps(1)
    members.set_role(house.project, house.reviewer, "AN")

    job = steps()

    assert job.report["refused"] == {"already_decided": 1, "not_a_reviewer": 3}
    assert Review.objects.filter(created_by=house.reviewer).count() == 1


def test_work_deleted_meanwhile_is_not_found(house, five):
    post(house, five, action="accept")
    annotations.delete_many(five[:2], actor=house.lead)
    annotations.delete_many(five[4:], actor=house.lead)

    job = steps()

    assert (job.state, job.report["not_found"], job.report["done"]) == (State.SUCCEEDED, 3, 1)


def test_a_dry_run_of_a_long_selection_is_answered_at_once(house, five):
    before = everything()

    body = post(house, five, action="accept", dry_run=True).json()

    assert (body["processed_items"], body["reasons"]) == (3, {"already_decided": 1, "own_annotation": 1})
    assert everything() == before


def test_the_numbers_of_statements_do_not_grow_with_a_part(house, five, django_assert_max_num_queries):
    """An undo that restores: 1,000 take as many as one."""
    with django_assert_max_num_queries(60) as few:
        report = AnnotationReviewService(house.lead).reject_many(five[:2], include_decided=True)
        AnnotationReviewService(house.lead).undo_bulk(report.bulk)
    more = [factories.annotation(factories.task(house.project), house.annotator) for _ in range(6)]
    for one in more:
        reviewed(one, house.reviewer2)

    with django_assert_max_num_queries(len(few) + 2):
        report = AnnotationReviewService(house.lead).reject_many(more, include_decided=True)
        AnnotationReviewService(house.lead).undo_bulk(report.bulk)


def test_a_job_that_only_repeats_what_was_done_leaves_no_bulk_action(house, five):
    AnnotationReviewService(house.reviewer2).accept_many(five)
    made = BulkReview.objects.get()

    post(house, five, by="reviewer2", action="accept")
    job = steps()

    assert (job.report["id"], job.report["done"]) == (None, 5)
    assert BulkReview.objects.get() == made
