import pytest
from django.apps import apps
from django.db import models

from devserver import documentation

APPS = [app for layer in documentation.layers() for app in layer]
MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models()]


def test_architecture_page_is_up_to_date():
    assert documentation.ARCHITECTURE.read_text() == documentation.architecture()


def test_data_model_page_is_up_to_date():
    assert documentation.DATA_MODEL.read_text() == documentation.data_model()


@pytest.mark.parametrize("app", APPS)
def test_every_app_says_in_its_docstring_what_it_is_for(app: str):
    assert documentation.first_paragraph(documentation.ROOT / app / "__init__.py")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_says_in_its_docstring_what_a_row_is(model: type[models.Model]):
    assert documentation.purpose(model)
