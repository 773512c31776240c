"""Who an anonymous reviewer is: a secret in a signed cookie. The id that is published is another one.

Nothing else is stored of a person: addresses are counted by a keyed hash, for an hour.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.core import signing

from tasks.errors import Refused
from users.client_address import address_group
from users.login_guard import Limit

from .models import Participation, Reviewer

COOKIE = "crowd_reviewer"
MAX_AGE = timedelta(days=180)
SALT = "crowd.reviewer"
HOUR = 3600


def known(cookie: str | None) -> Reviewer | None:
    """The reviewer whose cookie this is. None for a missing, forged, swapped or expired one."""
    if not cookie:
        return None
    try:
        secret = signing.loads(cookie, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    if not isinstance(secret, str):
        return None
    return Reviewer.objects.filter(secret_hash=_hash(secret)).first()


def mint(address: str | None) -> tuple[Reviewer, str]:
    """A new reviewer and their cookie. Raises Refused (429) if the address has made too many this hour."""
    _refuse_flood(address)
    secret = secrets.token_urlsafe(32)
    reviewer = Reviewer.objects.create(
        public_id=f"anon_{secrets.token_urlsafe(6)}", secret_hash=_hash(secret)
    )
    return reviewer, cookie_of(secret)


def cookie_of(secret: str) -> str:
    return signing.dumps(secret, salt=SALT)


def renewed(cookie: str) -> str:
    """The same identity for another 180 days."""
    return cookie_of(signing.loads(cookie, salt=SALT))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _refuse_flood(address: str | None) -> None:
    if not address:
        return
    limit = Limit("crowd", address_group(address), settings.CROWD_IDENTITIES_PER_HOUR, HOUR)
    if wait := limit.count():
        raise Refused(
            "too_many_reviewers",
            "Too many new reviewers came from this address within an hour. Please come back later. "
            "该地址在一小时内的新评审者过多，请稍后再来。",
            status=429,
            extra={"retry_after": wait},
        )


def locked_participation(campaign_id: int, reviewer: Reviewer) -> Participation:
    """The reviewer's row in this campaign, locked: their tabs take turns."""
    of_reviewer = {"campaign_id": campaign_id, "reviewer": reviewer}
    rows = Participation.objects.select_for_update(no_key=True)
    if found := rows.filter(**of_reviewer).first():
        return found
    Participation.objects.bulk_create([Participation(**of_reviewer)], ignore_conflicts=True)
    return rows.get(**of_reviewer)


def locked_participations(campaign_id: int, reviewer_ids: Collection[int]) -> dict[int, Participation]:
    """The same of several, by the reviewer's id."""
    of_campaign = Participation.objects.filter(campaign=campaign_id, reviewer__in=reviewer_ids)
    here = set(of_campaign.values_list("reviewer_id", flat=True))
    new = [
        Participation(campaign_id=campaign_id, reviewer_id=pk)
        for pk in sorted(reviewer_ids)
        if pk not in here
    ]
    Participation.objects.bulk_create(new, ignore_conflicts=True)
    rows = of_campaign.select_for_update(no_key=True).order_by("pk")
    return {row.reviewer_id: row for row in rows}
