"""The totals of a campaign: exact as soon as the change is committed, and without a row that all wait for."""

from collections.abc import Collection
from dataclasses import dataclass
from random import randrange

from django.db.models import F, Sum

from .models import Campaign, CampaignCount


def add(campaign_id: int, **changes: int) -> None:
    """For example `add(1, reviews=1, done=1)`. In the transaction of the change, as its last statement."""
    shard = randrange(CampaignCount.SHARDS)
    rows = CampaignCount.objects.filter(campaign_id=campaign_id, shard=shard)
    if not rows.update(**{name: F(name) + change for name, change in changes.items()}):
        CampaignCount.objects.bulk_create(
            [CampaignCount(campaign_id=campaign_id, shard=shard)], ignore_conflicts=True
        )
        rows.update(**{name: F(name) + change for name, change in changes.items()})


@dataclass(frozen=True)
class Totals:
    items: int
    done: int
    reviews: int
    reviewers: int

    @property
    def is_all_done(self) -> bool:
        return self.done >= self.items


def totals(campaign: Campaign) -> Totals:
    return totals_of([campaign.pk])[campaign.pk]


def totals_of(campaign_ids: Collection[int]) -> dict[int, Totals]:
    """Of several campaigns, with one statement."""
    rows = CampaignCount.objects.filter(campaign__in=campaign_ids).order_by()
    sums = rows.values_list("campaign").annotate(*map(Sum, CampaignCount.COUNTED))
    found = {pk: Totals(*all_of_it) for pk, *all_of_it in sums}
    return {pk: found.get(pk, Totals(*(0 for _ in CampaignCount.COUNTED))) for pk in campaign_ids}


def stats(campaign: Campaign) -> dict[str, int]:
    """The body of `/stats`."""
    now = totals(campaign)
    return {
        "annos_total": now.items,
        "annos_fully_done": now.done,
        "reviews_total": now.reviews,
        "unique_reviewers": now.reviewers,
        "target_per_anno": campaign.target,
    }
