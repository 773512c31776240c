"""What this app tells: listeners write it to webhooks as it is.

The body is made here, because the app that sends webhooks does not know campaigns.
"""

from collections.abc import Iterable
from typing import Any

from tasks import events

from .models import Campaign, Item, Status, Submission
from .review_file import body_of

REVIEW_CREATED = "CROWD_REVIEW_CREATED"
TARGET_MET = "ANNOTATION_TARGET_MET"
COMPLETED = "CAMPAIGN_COMPLETED"


def submitted(submission: Submission, item: Item, campaign: Campaign, *, is_target_met: bool) -> None:
    review = body_of(submission, item.anno_id, submission.reviewer.public_id, campaign.rubric)
    review["counted"] = submission.status == Status.COUNTED
    found = [_event(REVIEW_CREATED, campaign, crowd_review=review, item=_item(item, campaign))]
    if is_target_met:
        found.append(_event(TARGET_MET, campaign, item=_item(item, campaign)))
    events.emit_all(found)


def targets_met(items: Iterable[Item], campaign: Campaign) -> None:
    events.emit_all(_event(TARGET_MET, campaign, item=_item(item, campaign)) for item in items)


def completed(campaign: Campaign, stats: dict[str, int]) -> None:
    events.emit_all([_event(COMPLETED, campaign, stats=stats)])


def _item(item: Item, campaign: Campaign) -> dict[str, Any]:
    return {
        "anno_id": item.anno_id,
        "annotation": item.annotation_id,
        "counted": item.counted,
        "target": campaign.target,
    }


def _event(action: str, campaign: Campaign, **body: Any) -> events.DomainEvent:
    about = {"campaign": {"id": campaign.pk, "slug": campaign.slug, "title": campaign.title}} | body
    return events.DomainEvent(events.APP_EVENT, campaign.project, detail={"action": action, "body": about})
