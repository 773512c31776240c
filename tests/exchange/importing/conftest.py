import pytest

from tasks.models import Project
from tests import factories


@pytest.fixture
def project(db) -> Project:
    return factories.project()
