"""Says once that a campaign has all its reviews."""

from django.db import transaction
from django.utils import timezone

from . import events
from .counts import stats
from .models import Campaign, Item


def complete_if_done(campaign_id: int) -> bool:
    """After the commit of a review that finished an item: two last reviews do not see each other before."""
    if Item.objects.filter(campaign=campaign_id, open_slots__gt=0).exists():
        return False
    with transaction.atomic():
        running = Campaign.objects.filter(pk=campaign_id, completed_at=None, items__isnull=False)
        if not Campaign.objects.filter(pk__in=running.values("pk"), completed_at=None).update(
            completed_at=timezone.now()
        ):
            return False
        campaign = Campaign.objects.select_related("project").get(pk=campaign_id)
        events.completed(campaign, stats(campaign))
    return True
