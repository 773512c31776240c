"""Campaigns, their items with one slot for each wanted review, reviewers, and what they submitted."""

from .campaign import REPOSITORY, Campaign, CampaignCount, CampaignState
from .item import Item, Skip, SkipReason, Slot, SlotQuerySet
from .measurement import Measurement, ReviewerMeasure
from .reviewer import Participation, Reviewer
from .submission import LIVE, Source, Status, Submission

__all__ = [
    "LIVE",
    "REPOSITORY",
    "Campaign",
    "CampaignCount",
    "CampaignState",
    "Item",
    "Measurement",
    "Participation",
    "Reviewer",
    "ReviewerMeasure",
    "Skip",
    "SkipReason",
    "Slot",
    "SlotQuerySet",
    "Source",
    "Status",
    "Submission",
]
