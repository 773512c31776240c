from functools import partial

import pytest

from tasks import events
from tests.reviews.steps import decide
from tests.snapshots import assert_all_true


@pytest.fixture(params=["accept", "reject", "fix_and_accept", "reopen"])
def move(request, house):
    """Each move a reviewer makes on the house's annotation: move(by=, …)."""
    return partial(decide, house, request.param)


@pytest.fixture
def emitted():
    """Every event emitted, in order."""
    told = []

    def listen(events, **_):
        told.extend(events)

    events.domain_events.connect(listen)
    yield told
    events.domain_events.disconnect(listen)


@pytest.fixture
def adds_up(house):
    """After the test, counters are correct and histories complete."""
    yield
    assert_all_true(house.project)
