import pytest

from audits.models import Dataset
from tests.factories import person
from users.models import User

from . import factories


@pytest.fixture
def dataset(db) -> Dataset:
    """Of no project: everybody who is signed in sees it."""
    return factories.dataset()


@pytest.fixture
def ada(db) -> User:
    return person("ada")


@pytest.fixture
def ben(db) -> User:
    return person("ben")
