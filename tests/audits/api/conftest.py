import pytest

from audits import fitting
from audits.models import AuditModel, Dataset, Version
from tests.audits import factories
from tests.factories import Client, client_of
from users.models import User


@pytest.fixture
def client(ada: User) -> Client:
    """Signed in as Ada."""
    return client_of(ada)


@pytest.fixture
def model(dataset: Dataset, ada: User) -> AuditModel:
    """Ada's, without a label."""
    return factories.personal(dataset, ada)


@pytest.fixture
def version(dataset: Dataset, ada: User) -> Version:
    """Of Ada, who finds comments a little more toxic than the system does."""
    return fitting.require_version(factories.fitted(dataset, ada, strictness=0.2).model)
