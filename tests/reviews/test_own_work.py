"""Nobody decides about their own work: the whole table of acts, and what an author may get around."""

from collections.abc import Callable

import pytest

from reviews import final_picks
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Annotation, History
from tasks.services import annotations, projects
from tests.factories import House, annotation, client_of, result, reviewed, undone

Act = Callable[[House, Annotation], object]


def service(house: House) -> AnnotationReviewService:
    return AnnotationReviewService(house.reviewer)


def cancel_a_reopen(house: House, work: Annotation) -> None:
    AnnotationReviewService(house.lead).reopen(work)
    service(house).undo_reopen(work)


def pick(house: House, work: Annotation) -> None:
    for one in (work, house.annotation):
        reviewed(one, house.reviewer2)
    final_picks.pick(house.task, work.pk, actor=house.reviewer)


def mark(house: House, work: Annotation) -> None:
    annotations.edit(work.pk, {"ground_truth": True}, actor=house.reviewer)


ACTS: dict[str, Act] = {
    "accept": lambda house, work: service(house).accept(work),
    "reject": lambda house, work: service(house).reject(work),
    "fix": lambda house, work: service(house).fix_and_accept(work, result=result("C")),
    "reopen": lambda house, work: service(house).reopen(work),
    "undo a reopen": cancel_a_reopen,
    "final pick": pick,
    "ground truth": mark,
}


def by_name(house: House) -> Annotation:
    return annotation(house.task, house.reviewer, "B")


def by_somebody_else_for_them(house: House) -> Annotation:
    return annotation(house.task, house.lead, "B", completed_by=house.reviewer)


def written_by_them(house: House) -> Annotation:
    """And given to another name afterwards."""
    work = annotation(house.task, house.reviewer, "B")
    return annotations.edit(work.pk, {"completed_by": house.annotator2}, actor=house.lead)


def rewritten(house: House) -> Annotation:
    work = annotation(house.task, house.annotator2, "A")
    return annotations.edit(work.pk, {"result": result("B")}, actor=house.reviewer)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("whose", [by_name, by_somebody_else_for_them, written_by_them])
def test_own_work_is_decided_by_somebody_else(house, act, whose):
    work = whose(house)

    with pytest.raises(Refused) as refused:
        ACTS[act](house, work)

    assert (refused.value.code, refused.value.status) == ("own_annotation", 403)


@pytest.mark.parametrize("act", sorted(set(ACTS) - {"accept", "fix"}))
def test_own_version_of_somebody_elses_work_too(house, act):
    work = rewritten(house)

    with pytest.raises(Refused) as refused:
        ACTS[act](house, work)

    assert (refused.value.code, refused.value.status) == ("own_annotation", 403)


def test_accepting_own_rewrite_is_a_fix_of_the_annotators_version(house):
    work = rewritten(house)

    review = service(house).accept(work).review

    assert (review.verdict, review.seen_version.author) == ("fixed_and_accepted", house.annotator2)


@pytest.mark.parametrize("act", ACTS)
def test_self_review_is_a_setting(house, act):
    house.project = projects.update(house.project, {"allow_self_review": True}, actor=house.lead)

    ACTS[act](house, by_name(house))


def test_marking_a_new_annotation_of_own_as_ground_truth_is_refused(house):
    answer = client_of(house.lead).post(
        f"/api/tasks/{house.task.pk}/annotations/", {"result": result(), "ground_truth": True}, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "own_annotation")
    assert Annotation.objects.count() == 1


def test_unskipping_is_a_version_of_its_own(house):
    """Same result, another skip flag: an accept of that is a fix, and its undo brings back the skip."""
    work = annotation(house.task, house.annotator2, "B", was_cancelled=True)
    work = annotations.edit(work.pk, {"was_cancelled": False}, actor=house.reviewer)

    decision = reviewed(work, house.reviewer)

    assert decision.review.verdict == "fixed_and_accepted"
    assert decision.review.seen_version.was_cancelled
    restored = undone(decision, house.reviewer)
    assert (restored.was_cancelled, restored.version_author) == (True, house.annotator2)


def test_rejecting_after_own_fix_says_to_undo_it_first(house):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    with pytest.raises(Refused, match="Undo your fix first"):
        service(house).reject(house.annotation)


@pytest.mark.parametrize(
    ("verdict", "how", "status"),
    [
        ("accepted", {}, 403),
        ("fixed_and_accepted", {}, 403),
        ("rejected", {"reject_action": "remove"}, 403),
        ("rejected", {"reject_action": "requeue"}, 201),
    ],
)
def test_a_standing_verdict_is_not_passed_by_with_a_new_annotation(house, verdict, how, status):
    reviewed(house.annotation, house.reviewer, verdict, **how)

    answer = client_of(house.annotator).post(
        f"/api/tasks/{house.task.pk}/annotations/", {"result": result("B")}, format="json"
    )

    assert answer.status_code == status
    assert status == 201 or answer.json()["code"] == "locked_by_verdict"
    assert Annotation.objects.count() == 1 + (status == 201)
    annotation(house.task, house.annotator2, "B")  # others may


def test_a_verdict_ends_when_its_reviewer_becomes_the_author(house):
    reviewed(house.annotation, house.reviewer)
    url = f"/api/annotations/{house.annotation.pk}/"

    body = client_of(house.lead).patch(url, {"completed_by": house.reviewer.pk}, format="json").json()

    assert (body["completed_by"], body["last_action"], body["version"]) == (house.reviewer.pk, "updated", 1)
    rows = History.objects.filter(annotation=house.annotation).order_by("-id")
    assert (rows[0].action, rows[0].details, rows[0].created_by) == (
        "author_changed",
        {"author": {"from": house.annotator.pk, "to": house.reviewer.pk}},
        house.lead,
    )
    (review,) = client_of(house.lead).get(f"/api/annotation-reviews/?annotation={house.annotation.pk}").json()
    assert review["state"] == "outdated"
    task = client_of(house.lead).get(f"/api/tasks/{house.task.pk}/").json()
    assert (task["reviews_accepted"], task["reviewed"]) == (0, False)


def test_a_verdict_by_somebody_else_stays_when_the_author_changes(house):
    reviewed(house.annotation, house.reviewer, "rejected")

    annotations.edit(house.annotation.pk, {"completed_by": house.annotator2}, actor=house.lead)

    work = Annotation.objects.get(pk=house.annotation.pk)
    assert (work.last_action, work.returned_to) == ("rejected", house.annotator2)
