"""Reviewers: in a campaign with how fast and how much like others they score; and as rows of the site."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tasks.admin.filters import Choices
from tasks.admin.show import column, link_to
from users.admin.base import SiteAdmin

from ..models import Measurement, Participation, Reviewer, ReviewerMeasure
from ..quality import FLAGGED, REVIEWER_ORDERS
from .base import ByCampaign, NotFound, OfCampaign, percent


class Flagged(Choices):
    title = "flags"
    parameter_name = "flag"
    choices_offered = {
        "any": ("flagged", FLAGGED),
        "fast": ("too fast", Q(measure__speeds=True)),
        "same": ("always the same scores", Q(measure__straight_lines=True)),
        "blocked": ("blocked", Q(blocked_at__isnull=False)),
    }


def record_of(one: Participation) -> ReviewerMeasure | None:
    """None until the first of their reviews was measured."""
    return getattr(one, "measure", None)


@admin.display(description="seconds (median)", ordering=REVIEWER_ORDERS["seconds"][0])
def seconds(one: Participation) -> str:
    found = record_of(one)
    return "—" if found is None or found.median_seconds is None else f"{found.median_seconds:.1f}"


@admin.display(description="agreement", ordering=REVIEWER_ORDERS["agreement"][0])
def agreement(one: Participation) -> str:
    return percent(found.agreement if (found := record_of(one)) else None)


@admin.display(description="reliability", ordering=REVIEWER_ORDERS["accuracy"][0])
def accuracy(one: Participation) -> str:
    """How often right, by the estimated error rates."""
    return percent(found.accuracy if (found := record_of(one)) else None)


@admin.display(description="known answers")
def known(one: Participation) -> str:
    found = record_of(one)
    return f"{found.known_right} of {found.known_asked}" if found and found.known_asked else "—"


@admin.display(description="flags")
def flags(one: Participation) -> SafeString | str:
    found = record_of(one)
    words = [
        ("too fast", found and found.speeds),
        ("same scores", found and found.straight_lines),
        ("blocked", one.blocked_at),
    ]
    badges = [format_html('<span class="badge bad">{}</span>', text) for text, holds in words if holds]
    return SafeString(" ".join(badges)) or "—"


@admin.display(description="act")
def act(one: Participation) -> SafeString:
    name = "unblock" if one.blocked_at else "block"
    address = reverse(f"admin:crowd_campaign_{name}", args=[one.campaign_id, one.reviewer_id])
    return link_to(address, f"{name.capitalize()} …")


@admin.register(Participation)
class ParticipationAdmin(OfCampaign):
    list_display = (
        column("reviewer", "reviewer", order="reviewer_id"),
        act,
        "counted",
        seconds,
        agreement,
        accuracy,
        known,
        flags,
        column("campaign", "campaign"),
    )
    list_filter = (Flagged, ByCampaign)
    list_select_related = ("campaign", "reviewer", "measure")
    list_defer = ("campaign__rubric",)
    ordering = ("-counted", "id")
    search_fields = ("reviewer__public_id__istartswith",)
    search_help_text = "The beginning of a reviewer's id."
    fields = readonly_fields = (
        "campaign", column("reviewer", "reviewer"), "counted", seconds, agreement, accuracy, known, flags,
        "blocked_at", column("blocked_by", "blocked by"), act,
    )  # fmt: skip

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Reviewers", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("link_key")


@admin.register(ReviewerMeasure)
class ReviewerMeasureAdmin(NotFound):
    project_path = "participation__campaign__project"
    list_display = (
        "id",
        column("participation.reviewer", "reviewer"),
        column("participation.campaign", "campaign"),
        "reviews",
        "median_seconds",
        "agreement",
        "accuracy",
        "speeds",
        "straight_lines",
    )
    list_select_related = ("participation__campaign", "participation__reviewer")
    list_defer = ("rates", "participation__campaign__rubric")


@admin.register(Measurement)
class MeasurementAdmin(OfCampaign):
    list_display = ("id", column("campaign", "campaign"), "measured_at", "reviews", "seconds")
    list_filter = (ByCampaign,)
    list_defer = ("priors", "campaign__rubric")


@admin.register(Reviewer)
class ReviewerAdmin(SiteAdmin):
    """One anonymous person may review in campaigns of several projects."""

    list_display = ("id", "public_id", "created_at")
    search_fields = ("public_id__exact",)
    search_help_text = "A reviewer's id."
    date_hierarchy = "created_at"
    fields: Any = ("public_id", "created_at")
    readonly_fields = fields
