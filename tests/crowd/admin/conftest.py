"""The browser of the lead, and a campaign of somebody else."""

from io import BytesIO

import pytest

from crowd import campaigns
from crowd.importing.importer import import_items
from crowd.models import Campaign
from tests import factories
from tests.admin_fixtures import admin_client, lead_client

from ..conftest import campaign
from ..factories import lines, review_next, reviewer

__all__ = ["admin_client", "campaign", "lead_client"]


@pytest.fixture
def elsewhere(db) -> Campaign:
    """Of a lead who has nothing to do with the house: its title and slug are nobody else's business."""
    lead = factories.person("elsewhere-lead", may_create_projects=True, is_staff=True)
    project = factories.project(lead=lead, title="Secret letters")
    made = campaigns.create(project, actor=lead, title="Secret campaign", target=1)
    import_items(made, BytesIO(lines("secret-item")))
    review_next(made, reviewer())
    return made


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
