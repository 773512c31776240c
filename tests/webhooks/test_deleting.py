"""An endpoint is deleted while others write for it: neither they nor the deletion fail."""

import pytest

from tests.factories import client_of, reviewed
from tests.parallel import one_waits_for_another
from webhooks import endpoints, outbox, sender
from webhooks.models import Attempt, Delivery, Event, Webhook
from webhooks.transport import Answer

from .steps import hook_of

pytestmark = pytest.mark.django_db(transaction=True)
OK = Answer(status=200, error="", text="", duration=0.1)


def test_decision_under_way_outlives_the_deletion_of_its_endpoint(house, receiver):
    hook = hook_of(house, receiver.url)

    deleted = one_waits_for_another(
        lambda: reviewed(house.annotation, house.reviewer),
        lambda: client_of(house.lead).delete(f"/api/webhooks/{hook.pk}/").status_code,
    )

    assert deleted.result() == 204
    assert Event.objects.filter(action="ANNOTATION_ACCEPTED").count() == 1
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)


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


def test_answer_for_an_endpoint_that_is_gone_is_forgotten(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)
    batch = sender.Batch(hook)

    endpoints.delete(hook)

    assert batch.record() is True
    assert not Attempt.objects.exists()
