"""What this app tells: listeners write it to webhooks as it is.

The body is made here, because the app that sends webhooks does not know campaigns.
"""

from typing import Any

from tasks import events

from .models import Campaign, Item, Status, Submission
from .review_file import body_of

REVIEW_CREATED = "CROWD_REVIEW_CREATED"
TARGET_MET = "ANNOTATION_TARGET_MET"
COMPLETED = "CAMPAIGN_COMPLETED"


def review_created(submission: Submission, item: Item, campaign: Campaign) -> None:
    review = body_of(submission, item.anno_id, submission.reviewer.public_id)
    _emit(
        REVIEW_CREATED,
        campaign,
        review=review | {"counted": submission.status == Status.COUNTED},
        item=_item(item),
    )


def target_met(item: Item, campaign: Campaign) -> None:
    _emit(TARGET_MET, campaign, item=_item(item))


def completed(campaign: Campaign, stats: dict[str, int]) -> None:
    _emit(COMPLETED, campaign, stats=stats)


def _item(item: Item) -> dict[str, Any]:
    return {"anno_id": item.anno_id, "annotation": item.annotation_id, "counted": item.counted}


def _emit(action: str, campaign: Campaign, **body: Any) -> None:
    about = {"campaign": {"id": campaign.pk, "slug": campaign.slug, "title": campaign.title}} | body
    events.emit(events.APP_EVENT, campaign.project, actor=None, detail={"action": action, "body": about})
