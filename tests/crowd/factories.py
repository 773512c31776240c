"""Reviewers and answers for the tests of campaigns."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from crowd import claims, identities
from crowd.answers import Answers
from crowd.models import Campaign, Reviewer, Slot
from crowd.submitting import Outcome, submit


def lines(*anno_ids: str, **keys: Any) -> bytes:
    return b"".join(json.dumps({"anno_id": name} | keys).encode() + b"\n" for name in anno_ids)


def reviewer() -> Reviewer:
    return identities.mint(None)[0]


def answers(tg: int = 3, sg: int = 3, qa: int = 3, comment: str = "off by one frame") -> Answers:
    return Answers(
        {
            "tg": {"score": tg, "ref_type": "image"},
            "sg": {"score": sg, "ref_type": "text"},
            "qa": {"score": qa, "ref_type": "audio", "qa_type": "counting"},
        },
        comment,
    )


def claimed(campaign: Campaign, who: Reviewer) -> Slot:
    slot = claims.claim(campaign, who)
    assert isinstance(slot, Slot), slot
    return slot


def review_next(campaign: Campaign, who: Reviewer, **scores: int) -> Outcome:
    return submit(campaign, who, claimed(campaign, who).item.anno_id, answers(**scores))


def lapse(slot: Slot) -> None:
    Slot.objects.filter(pk=slot.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
