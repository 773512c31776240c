"""Buttons are where they work: `allowed_actions` names an action exactly if its request succeeds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from reviews import comments
from reviews.models import QueueEntry
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations
from tests.factories import House, client_of, result, reviewed, undone

STATES: dict[str, Callable[[House], Any]] = {
    "submitted": lambda h: None,
    "opened": lambda h: QueueEntry.objects.update(opened_at=h.task.created_at),
    "commented": lambda h: comments.create(h.annotation, "Hm", actor=h.reviewer2),
    "accepted": lambda h: reviewed(h.annotation, h.reviewer),
    "fixed": lambda h: reviewed(h.annotation, h.reviewer, "fixed_and_accepted"),
    "removed": lambda h: reviewed(h.annotation, h.reviewer, "rejected", reject_action="remove", comment="x"),
    "returned": lambda h: reviewed(
        h.annotation, h.reviewer, "rejected", reject_action="requeue", comment="x"
    ),
    "undone": lambda h: undone(reviewed(h.annotation, h.reviewer), h.reviewer),
    "reopened": lambda h: AnnotationReviewService(h.reviewer).reopen(h.annotation),
    "contested": lambda h: (
        reviewed(h.annotation, h.reviewer, "rejected", reject_action="remove", comment="x"),
        AnnotationReviewService(h.annotator).contest(h.annotation, reason="No"),
    ),
    "skipped": lambda h: annotations.edit(h.annotation.pk, {"was_cancelled": True}, actor=h.annotator),
    "draft": lambda h: annotations.convert_to_draft(h.annotation.pk, actor=h.annotator),
}
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "accept": ("post", "accept/", {}),
    "reject": ("post", "reject/", {"comment": "x"}),
    "fix_and_accept": ("post", "fix-and-accept/", {"result": result("C", id="fixed")}),
    "reopen": ("post", "reopen/", {}),
    "contest": ("post", "contest/", {"reason": "No"}),
    "edit": ("patch", "", {"result": result("B", id="edited")}),
    "skip": ("patch", "", {"was_cancelled": True}),
    "delete": ("delete", "", {}),
    "take_back": ("post", "take-back/", {}),
}
PEOPLE = ("annotator", "annotator2", "reviewer", "reviewer2", "lead")


class Back(Exception):
    """Takes back what a request did."""


def answer_to(client: Any, annotation: Annotation, action: str) -> Any:
    method, path, body = REQUESTS[action]
    try:
        with transaction.atomic():
            answer = getattr(client, method)(f"/api/annotations/{annotation.pk}/{path}", body, format="json")
            raise Back
    except Back:
        return answer


@pytest.mark.parametrize("state", STATES)
def test_a_button_is_there_exactly_if_its_request_succeeds(house, state):
    STATES[state](house)
    wrong = []
    for who in PEOPLE:
        client = client_of(getattr(house, who))
        shown = client.get(f"/api/annotations/{house.annotation.pk}/")
        for action in REQUESTS:
            answer = answer_to(client, house.annotation, action)
            if shown.status_code == 404:
                expected = answer.status_code in (403, 404)
            else:
                body = shown.json()
                is_there, works = action in body["allowed_actions"], answer.status_code < 300
                why = body["refusals"].get(action, {}).get("code")
                expected = is_there == works and (works or why == answer.json()["code"])
            if not expected:
                wrong.append(
                    (who, action, shown.status_code, answer.status_code, getattr(answer, "data", None))
                )
    assert wrong == []
