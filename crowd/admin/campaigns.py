"""The list of campaigns and the form of their settings. A campaign's own page is `watching`."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.forms import SplitDateTimeField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from tasks.admin.filters import ByProject
from tasks.admin.show import column, link_to, person
from users.admin.base import signed_in

from .. import campaigns, counts
from ..campaigns import SETTINGS
from ..models import Campaign, CampaignCount
from .acts import CampaignActs
from .base import ByCampaign, OfCampaign
from .creating import CreatesCampaigns
from .files import CampaignFiles
from .links import CampaignLinks, DateAndTime
from .reports import CampaignReports
from .watching import CampaignWatch

CREATED_BY = person("created_by", "created by")


class SettingsForm(forms.ModelForm):
    """What can be changed while people review."""

    class Meta:
        model = Campaign
        fields = SETTINGS


@admin.display(description="title", ordering="title")
def title(campaign: Campaign) -> SafeString:
    return link_to(reverse("admin:crowd_campaign_watch", args=[campaign.pk]), campaign.title)


@admin.display(description="items done")
def done(campaign: Campaign) -> str:
    totals = campaign.totals  # type: ignore[attr-defined]
    return f"{totals.done:,} of {totals.items:,}"


@admin.display(description="reviews")
def reviews(campaign: Campaign) -> int:
    return campaign.totals.reviews  # type: ignore[attr-defined]


@admin.display(description="reviewers")
def reviewers(campaign: Campaign) -> int:
    return campaign.totals.reviewers  # type: ignore[attr-defined]


@admin.register(Campaign)
class CampaignAdmin(
    CreatesCampaigns, CampaignWatch, CampaignReports, CampaignActs, CampaignLinks, CampaignFiles
):
    opens = frozenset({"add", "change"})
    form = SettingsForm
    formfield_overrides = {models.DateTimeField: {"form_class": SplitDateTimeField, "widget": DateAndTime}}
    list_display = (
        title,
        column("project", "project"),
        "state",
        done,
        reviews,
        reviewers,
        column("target", "reviews per item"),
        "is_default",
        CREATED_BY,
        "created_at",
    )
    list_display_links = None
    list_filter = (ByProject, "state", "is_default")
    list_select_related = ("project", "created_by")
    list_defer = ("project__label_config", "rubric", "media_origins")
    search_fields = ("title", "slug")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("title", "instructions", "notice")}),
        ("Limits", {"fields": ("link_expires_at", "per_person", "lease_seconds", "min_seconds")}),
        ("Quality", {"fields": ("stop_when_certain",)}),
        ("Dataset", {"fields": ("hub_repo",)}),
    )

    def fill_page(self, rows: list[Campaign]) -> None:
        totals = counts.totals_of([campaign.pk for campaign in rows])
        for campaign in rows:
            campaign.totals = totals[campaign.pk]  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if changes := {name: form.cleaned_data[name] for name in form.changed_data}:
            campaigns.update(obj, changes, actor=signed_in(request))


@admin.register(CampaignCount)
class CampaignCountAdmin(OfCampaign):
    """A total is the sum of a campaign's rows."""

    list_display = ("id", column("campaign", "campaign"), "shard", *CampaignCount.COUNTED)
    list_filter = (ByCampaign,)
    list_defer = ("campaign__rubric",)
