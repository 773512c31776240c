"""The review queue in the admin: a lead sees who has leased what, and releases it."""

from django.urls import reverse

from reviews.models import QueueEntry
from reviews.queue.drawing import QueueRequest, draw


def test_lead_releases_what_a_reviewer_has_leased(house, lead_client):
    lease = draw(QueueRequest(house.project, house.reviewer))
    page = reverse("admin:reviews_queueentry_changelist")
    assert "reviewer@example.org" in lead_client.get(page).content.decode()

    lead_client.post(page, {"action": "release", "_selected_action": [lease.annotation_id]})

    assert QueueEntry.objects.get().lease is None
