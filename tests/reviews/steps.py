"""Small actions and reads that many tests of reviews use."""

from typing import Any

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations, members, projects
from tests.factories import House, result, undone, verdicts_checked

FIXED = {"result": result("B")}


def settings(house: House, **changes: Any) -> None:
    house.project = projects.update(house.project, changes, actor=house.lead)


def decide(house: House, action: str, by: str = "reviewer", **asked: Any) -> Any:
    """`by` does `action` (a method of the service) to the house's annotation; a fix has
    the result B by default."""
    asked = (FIXED if action == "fix_and_accept" else {}) | asked
    done = getattr(AnnotationReviewService(getattr(house, by)), action)(house.annotation, **asked)
    verdicts_checked()
    return done


def patch(house: House, label: str, by: Any) -> Annotation:
    return annotations.edit(house.annotation.pk, {"result": result(label)}, actor=by)


def undo(house: House, decision: Any, by: str = "reviewer") -> Annotation:
    return undone(decision, getattr(house, by))


def now(house: House) -> Annotation:
    return Annotation.objects.get(pk=house.annotation.pk)


def states() -> list[tuple[str, str]]:
    """Every review, oldest first: its verdict and what became of it."""
    return [
        (review.verdict, review.state)
        for review in Review.objects.select_related("annotation").order_by("id")
    ]


def kinds(told: list) -> list[str]:
    return [event.kind for event in told]


def leave(house: House) -> None:
    members.remove(house.membership(house.annotator))


def pause(house: House) -> None:
    house.project.memberships.filter(user=house.annotator).update(paused=True)


def deactivate(house: House) -> None:
    type(house.annotator).objects.filter(pk=house.annotator.pk).update(is_active=False)
