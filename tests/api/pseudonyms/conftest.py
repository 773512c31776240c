import pytest

from tests.factories import House

from .house import anonymous_house


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def house(db) -> House:
    """A project with `anonymize_annotations`, in which everybody has done everything."""
    return anonymous_house()
