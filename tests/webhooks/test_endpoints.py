"""Rotating secrets, and deleting an endpoint while others write for it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from tests.factories import client_of, reviewed
from tests.parallel import one_waits_for_another
from webhooks import endpoints, outbox, sender
from webhooks.models import Attempt, Delivery, Event, Webhook
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import OK, decide, hook_of


def test_rotation_signs_with_both_secrets_for_a_day(hook, house, receiver):
    before, after = secret_of(hook), secret_of(endpoints.rotate(hook))
    decide(house)
    drain(hook.pk)
    body, headers = receiver.got[0].raw, receiver.got[0].headers

    Verifier(before).verify(body, headers)
    Verifier(after).verify(body, headers)

    Webhook.objects.filter(pk=hook.pk).update(earlier_until=timezone.now() - timedelta(seconds=1))
    decide(house)
    drain(hook.pk)
    Verifier(after).verify(receiver.got[1].raw, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(before).verify(receiver.got[1].raw, receiver.got[1].headers)


def test_second_rotation_on_a_day_takes_no_secret_from_the_consumer(hook, house, receiver):
    secrets = [
        secret_of(hook),
        *(secret_of(endpoints.rotate(hook)) for _ in range(endpoints.EARLIER_KEPT + 1)),
    ]
    decide(house)

    drain(hook.pk)

    assert all(receiver.got[0].verified_by(secret) for secret in secrets[1:])
    with pytest.raises(WebhookVerificationError):
        receiver.got[0].verified_by(secrets[0])


def test_rotation_over_the_api_shows_the_new_secret_once(hook, house):
    client = client_of(house.lead)

    answer = client.post(f"/api/webhooks/{hook.pk}/rotate/").json()

    hook.refresh_from_db()
    assert answer["secret"] == secret_of(hook)
    assert "secret" not in client.get(f"/api/webhooks/{hook.pk}/").json()


@pytest.mark.django_db(transaction=True)
def test_decision_under_way_outlives_the_deletion_of_its_endpoint(house, receiver):
    hook = hook_of(house, receiver.url)

    deleted = one_waits_for_another(
        lambda: reviewed(house.annotation, house.reviewer),
        lambda: client_of(house.lead).delete(f"/api/webhooks/{hook.pk}/").status_code,
    )

    assert deleted.result() == 204
    assert Event.objects.filter(action="ANNOTATION_ACCEPTED").count() == 1
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_answer_that_is_being_written_down_outlives_the_deletion_of_its_endpoint(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)
    (claim,) = outbox.claim(hook.pk, 1)

    deleted = one_waits_for_another(
        lambda: outbox.record_attempt(claim, OK),
        lambda: client_of(house.lead).delete(f"/api/webhooks/{hook.pk}/").status_code,
    )

    assert deleted.result() == 204
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_answer_for_an_endpoint_that_is_gone_is_forgotten(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)
    batch = sender.Batch(hook)

    endpoints.delete(hook)

    assert batch.record() is True
    assert not Attempt.objects.exists()
