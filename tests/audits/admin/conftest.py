"""The browsers of a lead and an administrator, and a data set of the lead's project."""

import pytest

from audits.models import Dataset
from tests import factories as people
from tests.admin_fixtures import admin_client, lead_client

from .. import factories

__all__ = ["admin_client", "lead_client"]


@pytest.fixture
def dataset(made_dataset, house) -> Dataset:
    """Of the lead's project."""
    found = made_dataset.anew()
    Dataset.objects.update(project=house.project)
    found.refresh_from_db()
    return found


@pytest.fixture
def elsewhere(db) -> Dataset:
    """Of a lead who has nothing to do with the house."""
    lead = people.person("elsewhere-lead", may_create_projects=True, is_staff=True)
    return factories.small_dataset(people.project(lead=lead, title="Secret letters"), title="Secret data")


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
