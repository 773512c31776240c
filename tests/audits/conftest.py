import pytest

from audits import corpus
from audits.models import Dataset
from tests import copied
from tests.factories import person
from users.models import User

from . import factories


@pytest.fixture(scope="session")
def made_dataset(django_db_setup, django_db_blocker) -> copied.Made:
    with django_db_blocker.unblock():
        return copied.made(factories.dataset)


@pytest.fixture
def dataset(made_dataset, db) -> Dataset:
    """Of no project: everybody who is signed in sees it."""
    return made_dataset.anew()


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """`dataset` has the same ids in every test."""
    corpus.forget()


@pytest.fixture
def ada(db) -> User:
    return person("ada")


@pytest.fixture
def ben(db) -> User:
    return person("ben")
