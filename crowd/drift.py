"""Finds counters of campaigns that differ from what they count, and repairs them, for `manage.py recount`."""

from django.db import connection, transaction

from reviews.drift import Drift
from tasks.models import Project

from . import campaigns, counts
from .models import Campaign, Participation, Status, Submission

# Each gives rows of (where, what, stored, counted).
ITEMS = """
    SELECT 'item ' || i.anno_id,
        unnest(ARRAY['counted', 'slots with a review', 'people', 'open_slots', 'wanted']),
        unnest(ARRAY[i.counted, s.filled, r.reviews, i.open_slots, i.open_slots]),
        unnest(ARRAY[r.reviews, r.reviews, r.people, s.open,
            CASE WHEN i.stopped_at IS NULL THEN greatest(0, c.target - i.counted) ELSE 0 END])
    FROM crowd_item i JOIN crowd_campaign c ON c.id = i.campaign_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE submission_id IS NULL) AS open, count(submission_id) AS filled
        FROM crowd_slot WHERE item_id = i.id
    ) s
    CROSS JOIN LATERAL (
        SELECT count(*) AS reviews, count(DISTINCT reviewer_id) AS people
        FROM crowd_submission WHERE item_id = i.id AND status = 'counted'
    ) r
    WHERE i.campaign_id = %s
"""
PEOPLE = """
    SELECT 'reviewer ' || r.public_id, 'counted', p.counted, count(s.id)
    FROM crowd_participation p JOIN crowd_reviewer r ON r.id = p.reviewer_id
    LEFT JOIN crowd_submission s
        ON s.campaign_id = p.campaign_id AND s.reviewer_id = p.reviewer_id AND s.status = 'counted'
    WHERE p.campaign_id = %s GROUP BY r.public_id, p.counted
"""
# What a slot says of its review.
SLOTS = """
    SELECT 'slot ' || s.id, 'its review', sent.status || ' of reviewer ' || sent.reviewer_id,
        'counted of reviewer ' || s.reviewer_id
    FROM crowd_slot s JOIN crowd_submission sent ON sent.id = s.submission_id
    WHERE s.campaign_id = %s AND (sent.status <> 'counted' OR sent.reviewer_id <> s.reviewer_id
        OR sent.item_id <> s.item_id)
"""
TOTALS = """
    SELECT 'totals', unnest(ARRAY['items', 'done', 'reviews', 'reviewers']),
        unnest(ARRAY[t.items, t.done, t.reviews, t.reviewers]),
        unnest(ARRAY[i.items, i.done, s.reviews, s.reviewers])
    FROM (
        SELECT coalesce(sum(items), 0)::bigint AS items, coalesce(sum(done), 0)::bigint AS done,
            coalesce(sum(reviews), 0)::bigint AS reviews, coalesce(sum(reviewers), 0)::bigint AS reviewers
        FROM crowd_campaigncount WHERE campaign_id = %(campaign)s
    ) t, (
        SELECT count(*) AS items, count(*) FILTER (WHERE open_slots = 0) AS done
        FROM crowd_item WHERE campaign_id = %(campaign)s
    ) i, (
        SELECT count(*) AS reviews, count(DISTINCT reviewer_id) AS reviewers
        FROM crowd_submission WHERE campaign_id = %(campaign)s AND status = 'counted'
    ) s
"""


def find(project: Project) -> list[Drift]:
    """Each kind is read by one statement, so that it sees one state of what people are changing."""
    return [
        Drift(project.pk, None, what, stored, counted, place=f"campaign {campaign.slug}, {where}")
        for campaign in Campaign.objects.filter(project=project).order_by("pk")
        for statement in (ITEMS, PEOPLE, SLOTS, TOTALS)
        for where, what, stored, counted in _differing(statement, campaign)
    ]


def _differing(statement: str, campaign: Campaign) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({statement.replace('%s', '%(campaign)s')}) found(place, what, stored, counted)"
            " WHERE stored IS DISTINCT FROM counted ORDER BY place, what",
            {"campaign": campaign.pk},
        )
        return cursor.fetchall()


def repair(project: Project) -> None:
    """What is derived is derived anew from reviews and slots; those are not touched."""
    for campaign in Campaign.objects.filter(project=project).order_by("pk"):
        campaigns.settle_from(0, campaign)
        for participation in Participation.objects.filter(campaign=campaign).order_by("pk"):
            _recount_person(participation)
        # Right in the snapshot of the statement, so it stays right, whatever others add meanwhile.
        missing = {what: counted - stored for _, what, stored, counted in _differing(TOTALS, campaign)}
        if missing:
            with transaction.atomic():
                counts.add(campaign.pk, **missing)


def _recount_person(participation: Participation) -> None:
    with transaction.atomic():
        locked = Participation.objects.select_for_update(no_key=True).get(pk=participation.pk)
        theirs = Submission.objects.filter(campaign=locked.campaign_id, reviewer=locked.reviewer_id)
        locked.counted = theirs.filter(status=Status.COUNTED).count()
        locked.save(update_fields=["counted"])
