"""Small forms of what `make chaos` does at full length: wrong clocks (F10), rotation under way (F11), days
off (F12).
"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import client_of
from webhooks import endpoints, health, outbox
from webhooks.models import Attempt, Webhook
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import decide


@pytest.mark.parametrize("hours", [-1, 1])
def test_worker_whose_clock_is_wrong_steals_no_lease(house, hook, receiver, hours):
    decide(house, 3)
    outbox.acquire_slot(hook.pk)
    outbox.claim(hook.pk, 8)

    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        assert outbox.acquire_slot(hook.pk) is None
        assert outbox.claim(hook.pk, 8) == outbox.claim_abandoned(hook.pk) == []
        assert outbox.due_webhooks() == {}


@pytest.mark.parametrize("hours", [-1, 1])
def test_worker_whose_clock_is_wrong_signs_with_the_right_time(house, hook, receiver, hours):
    decide(house, 1)

    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        drain(hook.pk)

    assert receiver.got[0].verified_by(secret_of(hook))


def test_rotation_between_deliveries_rejects_none(house, hook, receiver):
    """The consumer goes on with the earlier secret for a while, and then with the new one."""
    before = secret_of(hook)
    decide(house, 20)
    drain(hook.pk)
    after = secret_of(endpoints.rotate(hook))
    decide(house, 20)
    drain(hook.pk)
    decide(house, 20)
    drain(hook.pk)

    known = [before] * 40 + [after] * 20
    assert len(receiver.got) == 60
    assert all(request.verified_by(secret) for request, secret in zip(receiver.got, known, strict=True))


def test_five_days_off_and_then_everything_arrives_once(house, hook, receiver, due_now):
    """Given up, held when it was switched off, and held since: one call for each kind brings them back."""
    receiver.statuses.extend([500] * 20)
    decide(house, 2)
    for _ in range(10):
        drain(hook.pk)
        due_now()
    decide(house, 1)
    Webhook.objects.filter(pk=hook.pk).update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    health.disable_failing()
    decide(house, 1)
    assert sorted(hook.deliveries.values_list("state", flat=True)) == ["dead", "dead", "held", "held"]
    receiver.got.clear()
    client = client_of(house.lead)

    assert client.post(f"/api/webhooks/{hook.pk}/enable/").status_code == 200
    assert client.post(f"/api/webhooks/{hook.pk}/replay/", {}, "json").json() == {"replayed": 2}
    drain(hook.pk)

    assert set(hook.deliveries.values_list("state", flat=True)) == {"delivered"}
    assert len({request.headers["webhook-id"] for request in receiver.got}) == len(receiver.got) == 4
    assert Attempt.objects.count() == 24
