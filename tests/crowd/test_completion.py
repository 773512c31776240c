"""A process that dies after the last review is committed does not keep a campaign from completing."""

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from crowd import jobs
from crowd.completion import sweep
from crowd.models import Campaign, Submission
from webhooks.models import Event

from .factories import claimed, reviewer

pytestmark = pytest.mark.django_db(transaction=True)

LAST_REVIEW = """
import os, signal, django
django.setup()
from crowd import submitting
from crowd.models import Campaign, Reviewer
from tests.crowd.factories import answers
submitting.complete_if_done = lambda campaign: os.kill(os.getpid(), signal.SIGKILL)
submitting.submit(Campaign.objects.get(), Reviewer.objects.get(), "a", answers())
"""


def completed() -> int:
    return Event.objects.filter(action="CAMPAIGN_COMPLETED").count()


@pytest.fixture
def almost_done(one_wanted) -> Campaign:
    """Somebody has the last review in hand."""
    claimed(one_wanted, reviewer())
    return one_wanted


def test_a_campaign_whose_last_process_was_killed_is_completed_once(almost_done):
    # The same server, but the tests' database.
    address = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = os.environ | {"DATABASE_URL": url, "DEMO": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LAST_REVIEW], env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert (Submission.objects.get().status, completed()) == ("counted", 0)

    jobs.complete_campaigns()
    jobs.complete_campaigns()

    assert Campaign.objects.get().completed_at is not None
    assert completed() == 1


def test_the_sweep_leaves_open_and_empty_campaigns_alone(almost_done, house):
    Campaign.objects.create(project=house.project, slug="empty", title="Empty", created_by=house.lead)
    assert sweep() == 0
    assert set(Campaign.objects.values_list("completed_at", flat=True)) == {None}
