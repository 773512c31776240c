"""The admin of campaigns: a lead creates one, watches it, and acts on it. The rows below it are read-only."""

from .campaigns import CampaignAdmin, CampaignCountAdmin
from .items import ItemAdmin, SkipAdmin, SlotAdmin, SubmissionAdmin
from .reviewers import MeasurementAdmin, ParticipationAdmin, ReviewerAdmin, ReviewerMeasureAdmin

__all__ = [
    "CampaignAdmin",
    "CampaignCountAdmin",
    "ItemAdmin",
    "MeasurementAdmin",
    "ParticipationAdmin",
    "ReviewerAdmin",
    "ReviewerMeasureAdmin",
    "SkipAdmin",
    "SlotAdmin",
    "SubmissionAdmin",
]
