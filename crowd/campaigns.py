"""What the people who run a campaign do with it. Each function asks for the permission of its actor."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import slugify

from jobs.progress import Progress, no_progress
from tasks.errors import Refused
from tasks.models import Project
from tasks.roles import may
from users.capabilities import role_can
from users.models import User
from users.sentences import sentence as _

from . import certainty, claims, counts, slots
from .identities import locked_participation
from .models import LIVE, Campaign, CampaignState, Item, Reviewer, Slot, Status, Submission

CHUNK = 1000
# What can be changed by `update`.
SETTINGS = (
    "title",
    "instructions",
    "notice",
    "per_person",
    "lease_seconds",
    "min_seconds",
    "stop_when_certain",
    "link_expires_at",
    "hub_repo",
)


def create(project: Project, *, actor: User, title: str, slug: str = "", **fields: Any) -> Campaign:
    require_manager(project, actor)
    title = title.strip()
    campaign = Campaign(
        project=project, created_by=actor, title=title, slug=slug or free_slug(title), **fields
    )
    campaign.full_clean(exclude=["is_default"])
    campaign.save()
    return campaign


def require_manager(project: Project, actor: User) -> None:
    if not may(actor, "manage_project", project):
        raise Refused(
            "permission_denied", _("Only a manager of the project may run campaigns on it."), status=403
        )


def free_slug(title: str) -> str:
    """From the title, with a number or letters added until nobody has it."""
    stem = slugify(title)[:50].strip("-") or "campaign"
    stem = stem if len(stem) > 1 else f"campaign-{stem}"
    taken = set(Campaign.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    names: Iterator[str] = iter([stem, *(f"{stem}-{number}" for number in range(2, 100))])
    return next((name for name in names if name not in taken), f"{stem}-{secrets.token_hex(4)}")


def update(campaign: Campaign, changes: dict[str, Any], *, actor: User) -> Campaign:
    """Change some of SETTINGS. When items stop early has consequences, which follow before this returns."""
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        stopped_when = campaign.stop_when_certain
        if changes.get("hub_repo", campaign.hub_repo) != campaign.hub_repo:  # the other one has none of them
            Submission.objects.filter(campaign=campaign).update(pushed_at=None)
        for name in changes.keys() & set(SETTINGS):
            setattr(campaign, name, changes[name])
        campaign.full_clean(exclude=["is_default"])
        campaign.save(update_fields=sorted(changes.keys() & set(SETTINGS)) or None)
    if campaign.stop_when_certain != stopped_when:
        reviewed = Q(counted__gte=certainty.STOP_FROM, open_slots__gt=0)
        settle_from(0, campaign, Q(stopped_at__isnull=False) | reviewed)
    return campaign


def locked(campaign_id: int, actor: User) -> Campaign:
    found = Campaign.objects.visible_to(actor).filter(pk=campaign_id).locked().first()
    if found is None:
        raise Refused("not_found", _("Not found."), status=404)
    return found


def set_state(campaign: Campaign, state: CampaignState, *, actor: User) -> None:
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        campaign.state = state
        campaign.save(update_fields=["state"])


def set_target(campaign: Campaign, target: int, *, actor: User, progress: Progress = no_progress) -> Campaign:
    """Want more or fewer reviews of each item. Items follow in chunks; a call that was interrupted can be
    repeated."""
    campaign = change_target(campaign, target, actor=actor)
    settle_from(0, campaign, progress=progress)
    return campaign


def change_target(campaign: Campaign, target: int, *, actor: User) -> Campaign:
    """Only the number: `settle_from` makes the items follow."""
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        campaign.target = target
        campaign.clean_fields(exclude=["is_default", "slug"])
        campaign.save(update_fields=["target"])
    return campaign


def settle_from(
    last: int,
    campaign: Campaign,
    *which: Q,
    progress: Progress = no_progress,
    is_out_of_time: Callable[[], bool] = lambda: False,
) -> int | None:
    """Open or remove slots of the items after `last`; only of those that `which` names. Returns None when it
    is done; the item where to go on, if time was up."""
    total = counts.totals(campaign).items
    done = Item.objects.filter(campaign=campaign, pk__lte=last).count() if last else 0
    while chunk := list(
        Item.objects.filter(*which, campaign=campaign, pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[:CHUNK]
    ):
        slots.resettle(campaign.pk, chunk)
        last, done = chunk[-1], done + len(chunk)
        progress(done, total, f"{done:,} of {total:,} items")
        if is_out_of_time():
            return last
    return None


def may_set_default(actor: User) -> bool:
    return role_can(actor.role_on_site, "manage_site")


def set_default(campaign: Campaign, *, actor: User, is_default: bool = True) -> None:
    """Make it the campaign of the site's short addresses: only for those who run the site."""
    if not may_set_default(actor):
        raise Refused(
            "permission_denied", _("Only an administrator of the site may choose its campaign."), status=403
        )
    with transaction.atomic():
        Campaign.objects.filter(is_default=True).exclude(pk=campaign.pk).update(is_default=False)
        Campaign.objects.filter(pk=campaign.pk).update(is_default=is_default)


def renew_link(campaign: Campaign, *, actor: User, is_public: bool = False) -> Campaign:
    """A new link; the earlier one stops working, also for those who came with it. `is_public`: no key."""
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        campaign.link_key = "" if is_public else secrets.token_urlsafe(12)
        campaign.save(update_fields=["link_key"])
    return campaign


def release(campaign: Campaign, *, actor: User, reviewer: Reviewer | None = None) -> int:
    """Take back what people have in hand, or one of them. What they send nevertheless is not lost."""
    with transaction.atomic():
        locked(campaign.pk, actor)
        held = Slot.objects.filter(campaign=campaign)
        return claims.release(held.filter(holder=reviewer.pk) if reviewer else held)


def block(campaign: Campaign, reviewer: Reviewer, *, actor: User) -> int:
    """Their reviews no longer count, and others are asked for them. Returns how many reviews that were. A
    call that was interrupted can be repeated."""
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        participation = locked_participation(campaign.pk, reviewer)
        participation.blocked_by, participation.blocked_at = actor, timezone.now()
        participation.save(update_fields=["blocked_by", "blocked_at"])
        claims.release(Slot.objects.filter(campaign=campaign, holder=reviewer.pk))
    # From here on nothing of theirs is added.
    found = 0
    while (counted := _withdraw_some(campaign, reviewer, actor)) is not None:
        found += counted
    return found


def _withdraw_some(campaign: Campaign, reviewer: Reviewer, actor: User) -> int | None:
    """Returns how many counted reviews that were; None if nothing is left."""
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        participation = locked_participation(campaign.pk, reviewer)
        theirs = Submission.objects.filter(campaign=campaign, reviewer=reviewer, status__in=LIVE)
        some = list(theirs.order_by("item_id")[:CHUNK])
        if not some:
            return None
        items = [submission.item_id for submission in some]
        list(Item.objects.filter(pk__in=items).locked())
        Slot.objects.filter(submission__in=some).update(
            reviewer=None, claimed_at=None, leased_until=Now(), submission=None
        )
        Submission.objects.filter(pk__in=[one.pk for one in some]).update(status=Status.WITHDRAWN)
        slots.settle(campaign, items)
        counted = sum(submission.status == Status.COUNTED for submission in some)
        participation.counted -= counted
        participation.save(update_fields=["counted"])
        is_last = counted > 0 and participation.counted == 0
        counts.add(campaign.pk, reviews=-counted, reviewers=-int(is_last))
    return counted


def unblock(campaign: Campaign, reviewer: Reviewer, *, actor: User) -> None:
    """They may review again. Reviews that were withdrawn stay so: others have been asked for them."""
    with transaction.atomic():
        campaign = locked(campaign.pk, actor)
        participation = locked_participation(campaign.pk, reviewer)
        participation.blocked_at = participation.blocked_by = None
        participation.save(update_fields=["blocked_at", "blocked_by"])
