"""The query parameters of the lists."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import client_of

from .steps import decide


@pytest.mark.parametrize("query", ["after=x", "limit=-1", "limit=0", "project=x"])
def test_malformed_question_is_400(house, query):
    assert client_of(house.lead).get(f"/api/events/?{query}").status_code == 400


def test_log_is_filtered_by_state_action_and_time(hook, house):
    decide(house, 2)
    client, path = client_of(house.lead), f"/api/webhooks/{hook.pk}/deliveries/"

    def count(**query) -> int:
        return len(client.get(path, query).json()["results"])

    assert count(state="pending", action="ANNOTATION_ACCEPTED") == 2
    assert count(state="dead") == 0
    assert count(until=timezone.now() - timedelta(hours=1)) == 0
    assert client.get(path, {"since": "yesterday"}).json()["validation_errors"].keys() == {"since"}
