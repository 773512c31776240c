from io import BytesIO

import pytest

from crowd.importing.importer import import_items
from crowd.models import Campaign

from .factories import lines


@pytest.fixture
def campaign(house) -> Campaign:
    """Three items, each wants three reviews."""
    campaign = Campaign.objects.create(
        project=house.project, slug="kettles", title="Kettles", created_by=house.lead, target=3
    )
    import_items(campaign, BytesIO(lines("a", "b", "c")))
    return campaign


@pytest.fixture
def one_wanted(house) -> Campaign:
    """One item, a, which wants one review."""
    campaign = Campaign.objects.create(
        project=house.project, slug="kettle", title="Kettle", created_by=house.lead, target=1
    )
    import_items(campaign, BytesIO(lines("a")))
    return campaign
