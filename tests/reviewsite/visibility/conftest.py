import pytest

from .world import Worlds


@pytest.fixture
def worlds(db) -> Worlds:
    return Worlds()
