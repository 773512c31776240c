"""Says once that a campaign has all its reviews, and again if it was open in between."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from . import events
from .counts import stats, totals
from .models import Campaign, Item


def complete_if_done(campaign: Campaign) -> bool:
    """After the commit of a review that finished an item: two last reviews do not see each other before. If
    somebody changes the campaign at that moment, it is left to `sweep`."""
    return totals(campaign).is_all_done and _complete(campaign.pk)


def _complete(campaign_id: int) -> bool:
    with transaction.atomic():
        # Whatever opens slots again locks the campaign.
        unfinished = Campaign.objects.filter(pk=campaign_id, completed_at=None).select_related("project")
        campaign = unfinished.select_for_update(no_key=True, of=("self",), skip_locked=True).first()
        if campaign is None or not campaign.items.exists() or _wants_more(campaign):
            return False
        campaign.completed_at = timezone.now()
        campaign.save(update_fields=["completed_at"])
        events.completed(campaign, stats(campaign))
    return True


def _wants_more(campaign: Campaign) -> bool:
    """The second reason: the target was raised, and the slots are yet to follow."""
    missing = Q(open_slots__gt=0) | Q(counted__lt=campaign.target, stopped_at=None)
    return Item.objects.filter(missing, campaign=campaign).exists()


def sweep() -> int:
    """Complete what nobody did: a process may die between the commit of the last review and what follows it.
    Returns how many campaigns that were."""
    items = Item.objects.filter(campaign=OuterRef("pk"))
    done = Campaign.objects.public().filter(
        Exists(items), ~Exists(items.filter(open_slots__gt=0)), completed_at=None
    )
    return sum(map(_complete, done.values_list("pk", flat=True)))
