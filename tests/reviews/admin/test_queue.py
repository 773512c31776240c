"""A lead sees in the admin who has what, and lets it go."""

from django.urls import reverse

from reviews.models import QueueEntry
from reviews.queue.drawing import Ask, draw


def test_lead_lets_go_what_a_reviewer_holds(house, lead_client):
    lease = draw(Ask(house.project, house.reviewer))
    page = reverse("admin:reviews_queueentry_changelist")
    assert "reviewer@example.org" in lead_client.get(page).content.decode()

    lead_client.post(page, {"action": "let_go", "_selected_action": [lease.annotation_id]})

    assert QueueEntry.objects.get().lease is None
