from functools import partial

import pytest

from tasks import events
from tasks.models import Annotation
from tests.reviews.steps import decide
from tests.snapshots import assert_counters_true, assert_history_whole


@pytest.fixture(params=["accept", "reject", "fix_and_accept", "reopen"])
def move(request, house):
    """Each move a reviewer makes on the house's annotation: move(by=, …)."""
    return partial(decide, house, request.param)


@pytest.fixture
def heard():
    """Every event told, in order."""
    told = []

    def listen(event, **_):
        told.append(event)

    events.happened.connect(listen)
    yield told
    events.happened.disconnect(listen)


@pytest.fixture
def adds_up(house):
    """After the test counters are true and histories whole."""
    yield
    house.project.refresh_from_db()
    assert_counters_true(house.project)
    for annotation in Annotation.objects.all():
        assert_history_whole(annotation)
