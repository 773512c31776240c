"""A campaign's own page: how far it is, who is at work, how far the reviews agree, and what can be done."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from jobs.registry import label_of
from users.admin.base import signed_in

from .. import campaigns, counts, jobs, push
from ..models import Campaign, Item, Slot, Status, Submission
from ..quality import flagged, quality_of, score_table
from .base import percent
from .pages import CampaignPages, link_of

LISTED = 20  # of people who have an item in hand; more are in the list of slots
JOBS = 5
LISTED_FLAGGED = 5


class CampaignWatch(CampaignPages):
    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().campaign_views() | {"watch": self.watch}

    def watch(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        context = now(campaign)
        if request.headers.get("HX-Request"):
            # Only what changes by the second: the page asks for it again and again.
            shared = {"campaign": campaign, "opts": self.opts} | context
            return TemplateResponse(request, "admin/crowd/now.html", shared)
        quality = quality_of(campaign)
        table = score_table(campaign)
        return self.show(
            request,
            campaign,
            "watch",
            campaign.title,
            link=link_of(request, campaign),
            quality=quality,
            scale=campaign.rubric["scale"],
            scores=[
                {
                    "title": row.title.get("en", row.key),
                    "counts": [row.counts.get(step["value"], 0) for step in campaign.rubric["scale"]],
                    "total": row.total,
                    "mean": row.mean,
                    "agreement": percent(quality.agreement.get(row.key)),
                    "alpha": quality.alpha.get(row.key),
                }
                for row in table
            ],
            outcomes=_outcomes(campaign),
            flagged=flagged(campaign)[:LISTED_FLAGGED],
            push_problem=push.problem(campaign),
            waiting=push.waiting(campaign).count() if campaign.hub_repo else 0,
            may_set_default=campaigns.may_set_default(signed_in(request)),
            **context,
        )


def now(campaign: Campaign) -> dict[str, Any]:
    totals = counts.totals(campaign)
    by_status = dict(
        Submission.objects.filter(campaign=campaign).order_by().values_list("status").annotate(Count("pk"))
    )
    held = Slot.objects.filter(campaign=campaign).held()
    moment = timezone.now()
    return {
        "totals": totals,
        "wanted": totals.items * campaign.target,
        "surplus": by_status.get(Status.SURPLUS, 0),
        "withdrawn": by_status.get(Status.WITHDRAWN, 0),
        "in_hand": held.count(),
        "held": held.select_related("item", "reviewer").only(
            "claimed_at", "leased_until", "item__anno_id", "reviewer__public_id"
        ).order_by("claimed_at")[:LISTED],
        "now": moment,
        "jobs": [(job, label_of(job)) for job in jobs.jobs_of(campaign)[:JOBS]],
    }  # fmt: skip


def _outcomes(campaign: Campaign) -> list[tuple[str, int]]:
    rows = Item.objects.filter(campaign=campaign, open_slots=0).order_by().values_list("outcome")
    return sorted(rows.annotate(Count("pk")))
