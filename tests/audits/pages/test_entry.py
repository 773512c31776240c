"""The list of data sets, the content warning, the language."""

import pytest

from audits.models import Dataset
from tests.audits import factories
from tests.factories import browser_of, project

WARNING = "Insults, some of them harsh."


@pytest.fixture
def warned(dataset) -> Dataset:
    Dataset.objects.filter(pk=dataset.pk).update(content_warning=WARNING)
    dataset.refresh_from_db()
    return dataset


def test_the_list_has_visible_data_sets_and_ones_own_models(dataset, ada, ben):
    Dataset.objects.create(title="Secret", project=project(), created_by=ben)
    factories.personal(dataset, ada, "Calm Heron")
    factories.personal(dataset, ben, "Quick Fox")

    page = browser_of(ada).get("/audits/")

    assert [(one.title, [model.name for model in models]) for one, models in page.context["rows"]] == [
        ("Made-up comments", ["Calm Heron"])
    ]
    assert "Secret" not in page.content.decode()


def test_the_content_warning_comes_first_and_leads_on(warned, ada):
    browser, wanted = browser_of(ada), f"/audits/datasets/{warned.pk}/?page=2"
    to_warning = browser.get(wanted)
    assert to_warning.status_code == 302
    page = browser.get(to_warning["Location"])
    assert WARNING in page.content.decode()

    read = browser.post(to_warning["Location"], {"next": page.context["next"]})

    assert read["Location"] == wanted
    assert browser.get(wanted).status_code == 200
    assert browser_of(ada).get(wanted).status_code == 302  # each session anew


def test_the_warning_leads_to_pages_of_this_site_only(warned, ada):
    address = f"/audits/datasets/{warned.pk}/warning/"

    read = browser_of(ada).post(address, {"next": "https://elsewhere.example/"})

    assert read["Location"] == f"/audits/datasets/{warned.pk}/"


def test_a_data_set_of_others_is_not_found(ada, ben):
    other = Dataset.objects.create(title="Secret", project=project(), created_by=ben)
    browser = browser_of(ada)

    for address in ("", "warning/"):
        assert browser.get(f"/audits/datasets/{other.pk}/{address}").status_code == 404


def test_the_language_is_chosen_and_stays_with_the_audits(dataset, ada):
    browser = browser_of(ada)
    browser.post("/audits/language/", {"language": "zh-hans", "next": "/audits/"})

    page = browser.get("/audits/")
    other = browser.get("/start/")

    assert (page["Content-Language"], '<html lang="zh-hans">' in page.content.decode()) == ("zh-hans", True)
    assert '<html lang="en">' in other.content.decode()


def test_without_a_choice_the_browser_is_asked(dataset, ada):
    page = browser_of(ada).get("/audits/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})

    assert page["Content-Language"] == "zh-hans"
