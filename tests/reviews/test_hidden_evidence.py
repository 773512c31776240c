"""Turning an annotation back into a draft, and deleting: managers go on seeing what they could see."""

import pytest

from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Annotation, Draft
from tasks.services import annotations
from tests.factories import annotation, client_of, result, reviewed


def converts(house, who, work: Annotation):
    return client_of(who).post(f"/api/annotations/{work.pk}/convert-to-draft/")


@pytest.mark.parametrize("who", ["reviewer", "reviewer2", "lead", "admin"])
def test_only_its_author_turns_it_into_a_draft(house, who):
    answer = converts(house, getattr(house, who), house.annotation)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    assert not Annotation.objects.get().is_draft


@pytest.mark.parametrize("author", ["annotator", "reviewer2", "lead"])
def test_not_over_a_standing_verdict_whoever_the_author_is(house, author):
    work = annotation(house.task, getattr(house, author))
    reviewed(work, house.reviewer)

    answer = converts(house, getattr(house, author), work)

    assert (answer.status_code, answer.json()["code"]) == (403, "locked_by_verdict")
    assert Annotation.objects.get(pk=work.pk).last_action == "accepted"


def test_a_reject_with_requeue_opens_it(house):
    reviewed(house.annotation, house.reviewer, "rejected")

    assert converts(house, house.annotator, house.annotation).status_code == 200


def seen_by(who, work: Annotation) -> dict[str, object]:
    """What the API shows of one annotation: its body or None, and how many rows of each list."""
    client, about = client_of(who), f"annotation={work.pk}"
    one = client.get(f"/api/annotations/{work.pk}/")
    return {
        "is_draft": one.json()["is_draft"] if one.status_code == 200 else None,
        "annotations": client.get(f"/api/annotations/?task={work.task_id}").json()["count"],
        "of task": len(client.get(f"/api/tasks/{work.task_id}/annotations/").json()),
        "history": len(client.get(f"/api/annotation-history/?{about}").json()),
        "reviews": len(client.get(f"/api/annotation-reviews/?{about}").json()),
        "comments": len(client.get(f"/api/comments/?{about}").json()),
    }


def test_managers_see_a_draft_with_all_that_happened_to_it_and_bring_it_back(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No")
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)
    before = seen_by(house.lead, house.annotation)
    assert before == {
        "is_draft": False,
        "annotations": 1,
        "of task": 1,
        "history": 3,
        "reviews": 1,
        "comments": 1,
    }

    converts(house, house.annotator, house.annotation)

    for who in (house.lead, house.admin):
        assert seen_by(who, house.annotation) == before | {"is_draft": True, "history": 4}
    nothing = {"is_draft": None, **dict.fromkeys(list(before)[1:], 0)}
    assert seen_by(house.reviewer, house.annotation) == nothing
    assert (
        client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/restore/").status_code == 403
    )
    assert client_of(house.lead).post(f"/api/annotations/{house.annotation.pk}/restore/").status_code == 200
    assert seen_by(house.reviewer, house.annotation) == before | {"history": 5}
    again = client_of(house.lead).post(f"/api/annotations/{house.annotation.pk}/restore/")
    assert (again.status_code, again.json()["code"]) == (400, "not_deleted")


def test_a_draft_is_not_reviewed_by_a_manager_who_sees_it(house):
    converts(house, house.annotator, house.annotation)

    with pytest.raises(Refused) as refused:
        AnnotationReviewService(house.lead).accept(house.annotation.pk)

    assert refused.value.code == "not_submitted"


def test_deleted_work_and_comments_are_listed_for_managers(house):
    said = comments.create(house.annotation, "Look", actor=house.annotator)
    history = seen_by(house.lead, house.annotation)["history"]
    client_of(house.annotator).delete(f"/api/comments/{said.pk}/")
    client_of(house.annotator).delete(f"/api/annotations/{house.annotation.pk}/")

    assert seen_by(house.lead, house.annotation)["history"] == history + 1
    for path, pk in (("annotations", house.annotation.pk), ("comments", said.pk)):
        for who, expected in (("lead", [pk]), ("admin", [pk]), ("reviewer", []), ("annotator", [])):
            answer = client_of(getattr(house, who)).get(f"/api/{path}/?deleted=true").json()
            rows = answer if isinstance(answer, list) else answer["results"]
            assert [row["id"] for row in rows] == expected


# --- taking a submission back ---------------------------------------------------------------------------


def takes_back(house, who, work: Annotation):
    return client_of(who).post(f"/api/annotations/{work.pk}/take-back/")


def test_a_submission_is_taken_back_into_a_draft_and_submitted_again(house):
    draft = takes_back(house, house.annotator, house.annotation).json()

    assert (draft["annotation"], draft["result"]) == (house.annotation.pk, result("A"))
    client_of(house.annotator).post(
        f"/api/tasks/{house.task.pk}/annotations/",
        {"result": result("B"), "draft_id": draft["id"]},
        format="json",
    )
    work = Annotation.objects.get()
    assert (work.result, work.is_draft, work.version, Draft.objects.count()) == (result("B"), False, 2, 0)


def drawn(house) -> None:
    client_of(house.reviewer).get(f"/api/projects/{house.project.pk}/review-queue/next/")


def drawn_and_released(house) -> None:
    item = client_of(house.reviewer).get(f"/api/projects/{house.project.pk}/review-queue/next/").json()
    client_of(house.reviewer).post(f"/api/leases/{item['lease']['id']}/release/")


def commented(house) -> None:
    comments.create(house.annotation, "Hm", actor=house.reviewer)


def decided_and_undone(house) -> None:
    decision = reviewed(house.annotation, house.reviewer)
    AnnotationReviewService(house.reviewer).undo(decision.review)


@pytest.mark.parametrize("opened", [drawn, drawn_and_released, commented, decided_and_undone])
def test_not_once_somebody_else_has_opened_it(house, opened):
    opened(house)

    answer = takes_back(house, house.annotator, house.annotation)

    assert (answer.status_code, answer.json()["code"]) == (403, "already_opened")
    assert not Annotation.objects.get().is_draft


def test_rework_is_a_submission_of_its_own(house):
    drawn(house)
    reviewed(house.annotation, house.reviewer, "rejected")
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    assert takes_back(house, house.annotator, house.annotation).status_code == 200


@pytest.mark.parametrize("who", ["annotator2", "reviewer", "lead"])
def test_nobody_takes_back_for_others(house, who):
    assert takes_back(house, getattr(house, who), house.annotation).status_code in (403, 404)
