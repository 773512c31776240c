"""`manage.py recount` for campaigns."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from crowd import drift
from crowd.counts import stats
from crowd.models import CampaignCount, Item, Participation, Slot

from .factories import review_next, reviewer

pytestmark = pytest.mark.django_db


def recount(**options) -> str:
    out = io.StringIO()
    call_command("recount", stdout=out, verbosity=0, **options)
    return out.getvalue()


@pytest.fixture
def reviewed(campaign):
    ann = reviewer()
    for _ in range(2):
        review_next(campaign, ann)
    return campaign


DRIFT = {
    "counted": lambda: Item.objects.filter(anno_id="a").update(counted=F("counted") + 1),
    "open slots": lambda: Item.objects.filter(anno_id="a").update(open_slots=9),
    "a lost slot": lambda: Slot.objects.filter(submission=None).first().delete(),
    "a person": lambda: Participation.objects.update(counted=7),
    "totals": lambda: CampaignCount.objects.filter(shard=CampaignCount.objects.first().shard).update(
        reviews=F("reviews") + 5, items=F("items") - 1
    ),
}


@pytest.mark.parametrize("what", DRIFT)
def test_drift_is_found_and_repaired(reviewed, what):
    assert recount(check=True).startswith("no drift")
    before = stats(reviewed)
    DRIFT[what]()
    with pytest.raises(CommandError, match="differences"):
        recount(check=True)
    assert recount().splitlines()[-1].startswith("repaired")
    assert recount(check=True).startswith("no drift")
    assert (stats(reviewed), drift.find(reviewed.project)) == (before, [])


def test_a_difference_is_named(reviewed):
    Participation.objects.update(counted=7)
    person = Participation.objects.get().reviewer.public_id
    assert [str(one) for one in drift.find(reviewed.project)] == [
        f"project {reviewed.project_id}, campaign kettles, reviewer {person}: counted is 7, counted 2"
    ]
