"""Topics of a model, and of the system alone: the picture, and the table with the same links."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audits import fitting, results
from audits.maths.formulas import ErrorType
from audits.models import Dataset, Version
from tests.audits import factories
from tests.factories import browser_of, project


@pytest.fixture
def version(dataset, ada) -> Version:
    return fitting.require_version(factories.fitted(dataset, ada, strictness=0.4).model)


def page_of(user, of, query: str = ""):
    kind = "datasets" if isinstance(of, Dataset) else "models"
    return browser_of(user).get(f"/audits/{kind}/{of.pk}/topics/{query}")


def test_each_topic_is_a_square_and_a_row_that_lead_to_its_comments(version, ada):
    page = page_of(ada, version.model)

    shown = page.content.decode()
    for row in results.topics(version.model.dataset, version):
        address = f"/audits/models/{version.model.pk}/comments/?topic={row.topic.pk}"
        assert shown.count(f'href="{address}"') == 2
        assert (
            f"{row.topic.label}: {row.n} comments, system {row.system_mean:.2f}, model {row.mean:.2f}"
            in shown
        )
    assert [row.topic for row, _ in page.context["rows"]] == [
        row.topic for row in results.topics(version.model.dataset, version)
    ]


def test_the_table_has_the_statistics_of_the_topic(version, ada):
    page = page_of(ada, version.model, "?stat=mse&sort=-fn")

    row, cells = page.context["rows"][0]
    assert [column.name for column in page.context["columns"]] == [
        "n",
        "system_mean",
        "mean",
        "avg_diff",
        "mse",
        "fn",
        "fp",
    ]
    assert cells[:5] == [
        str(row.n),
        f"{row.system_mean:.2f}",
        f"{row.mean:.2f}",
        f"{row.avg_diff:+.2f}",
        f"{row.mse:.2f}",
    ]
    fn = [one.fn for one, _ in page.context["rows"]]
    assert fn == sorted(fn, reverse=True)
    # A second click on the column turns the order round; everything else in the address stays.
    assert re.search(r'aria-sort="descending"><a href="\?stat=mse&amp;sort=fn#table">', page.content.decode())


@pytest.mark.parametrize("stat", ["mean", "median", "mae", "mse", "avg_diff", "fp_fn"])
def test_topics_are_placed_by_each_statistic(version, ada, stat):
    page = page_of(ada, version.model, f"?stat={stat}")

    assert page.status_code == 200
    assert f'<option value="{stat}" selected>' in page.content.decode()


def test_an_error_type_keeps_its_topics_and_goes_with_the_links(version, ada):
    page = page_of(ada, version.model, "?error_type=under")

    wanted = results.topics(version.model.dataset, version, error_type=ErrorType.UNDER)
    assert [row.topic for row, _ in page.context["rows"]] == [row.topic for row in wanted]
    link = f"comments/?error_type=under&amp;topic={wanted[0].topic.pk}"
    assert page.content.decode().count(link) == 2


def test_without_a_model_or_before_its_first_fit_the_system_is_alone(dataset, ada):
    for of in (dataset, factories.personal(dataset, ada)):
        page = page_of(ada, of, "?stat=fp_fn")
        assert [column.name for column in page.context["columns"]] == ["n", "system_mean", "system_toxic"]
        assert {square.side for square in page.context["picture"].squares} == {"system"}
    assert "not fitted yet" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?stat=colour", "invalid_stat"),
        ("?error_type=both", "invalid_error_type"),
        ("?sort=colour", "invalid_sort"),
    ],
)
def test_what_is_no_choice_is_refused(version, ada, query, code):
    page = page_of(ada, version.model, query)

    assert (page.status_code, page.context["refusal"].code) == (400, code)


def test_the_page_has_only_what_the_system_alone_can_be_sorted_by(dataset, ada):
    assert page_of(ada, dataset, "?sort=-mae").context["refusal"].code == "no_model"


def test_topics_of_others_are_not_found(version, ada, ben):
    secret = Dataset.objects.create(title="Secret", project=project(), created_by=ben)

    assert page_of(ben, version.model).status_code == 404
    assert page_of(ada, secret).status_code == 404


def test_topics_are_read_with_as_many_statements_for_one_as_for_all(version, ada):
    browser, address = browser_of(ada), f"/audits/models/{version.model.pk}/topics/"
    browser.get(address)  # keeps the corpus and the predictions
    with CaptureQueriesContext(connection) as many:
        assert len(browser.get(address).context["rows"]) == 7
    Dataset.objects.filter(pk=version.model.dataset.pk).update(min_topic_comments=100)
    with CaptureQueriesContext(connection) as few:
        assert len(browser.get(address).context["rows"]) == 1
    assert len(many) == len(few) <= 7
