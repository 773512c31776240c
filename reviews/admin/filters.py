"""Filters by review state.

On annotations they need no join: an annotation has the outcome of its standing review.
"""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from tasks.admin.filters import MAX_OFFERED, Choices, NumberFilter
from tasks.choices import VERDICTS, ActionType
from users.admin.base import signed_in

from ..models import Review
from ..visible_people import visible_people

REJECTED = Q(last_action=ActionType.REJECTED)
STANDING = Q(pk=F("annotation__standing_review_id"))


class Verdict(Choices):
    title = "review"
    parameter_name = "review"
    choices_offered = {
        "none": ("not reviewed", ~Q(last_action__in=VERDICTS)),
        "any": ("has a verdict", Q(last_action__in=VERDICTS)),
        "rework": ("returned for rework", Q(returned_at__isnull=False)),
    }


class Outcome(Choices):
    title = "outcome of the reject"
    parameter_name = "outcome"
    choices_offered = {
        "requeue": ("requeue", REJECTED & Q(returned_at__isnull=False)),
        "redistribute": ("redistribute", REJECTED & Q(redistributed=True)),
        "remove": ("remove", REJECTED & Q(returned_at=None, redistributed=False)),
    }


class ByPerson(NumberFilter):
    """The first MAX_OFFERED people by e-mail; more are found by the search."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        people = visible_people(signed_in(request)).order_by("email")
        return list(people.values_list("pk", "email")[:MAX_OFFERED])


class ByAuthor(ByPerson):
    title = "author"
    parameter_name = "author"
    path = "completed_by_id"


class ByReviewer(ByPerson):
    title = "reviewer"
    parameter_name = "reviewer"
    path = "created_by_id"


class ByStandingReviewer(ByReviewer):
    """Annotations whose standing verdict this person signed."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        signed = super().queryset(request, Review.objects.standing())
        return queryset.filter(standing_review_id__in=signed.values("pk"))


class ReviewState(Choices):
    title = "state"
    parameter_name = "state"
    choices_offered = {
        "standing": ("standing", STANDING),
        "undone": ("undone", Q(undone_at__isnull=False)),
        "superseded": ("superseded", Q(superseded_by__isnull=False)),
        "outdated": (
            "outdated",
            Q(undone_at=None, superseded_by=None) & ~Q(pk=F("annotation__standing_review_id")),
        ),
    }
