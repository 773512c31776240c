from collections.abc import Iterator

import pytest

from webhooks.models import Delivery, Webhook

from .receiver import Receiver
from .steps import hook_of


@pytest.fixture(autouse=True)
def loopback_open(settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def hook(house, receiver) -> Webhook:
    """An endpoint that the receiver answers for."""
    return hook_of(house, receiver.url)


@pytest.fixture
def due_now():
    """Call it to let the time until the next attempt pass."""
    return lambda: Delivery.objects.filter(state="pending").update(next_at="2000-01-01T00:00:00Z")
