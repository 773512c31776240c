"""Comments of a topic, of a search and by their numbers; and from here into a report."""

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audits import audit_models, fitting, reports, results
from audits.maths.formulas import ErrorType
from audits.models import Comment, Dataset, Evidence, Report, Version
from audits.results import Query
from tests.audits import factories
from tests.factories import browser_of, project


@pytest.fixture
def version(dataset, ada) -> Version:
    return fitting.require_version(factories.fitted(dataset, ada, strictness=0.4).model)


def address(of, query: str = "") -> str:
    return f"/audits/{'datasets' if isinstance(of, Dataset) else 'models'}/{of.pk}/comments/{query}"


def page_of(user, of, query: str = ""):
    return browser_of(user).get(address(of, query))


def ids(page) -> list[int]:
    return [row.comment.pk for row in page.context["rows"]]


def test_the_page_shows_both_ratings_and_where_they_part(version, ada):
    page = page_of(ada, version.model, "?error_type=under")

    found = results.select(version.model.dataset, version, Query(error_type=ErrorType.UNDER))
    assert ids(page) == found.ids[:25].tolist()
    shown = page.content.decode()
    row = page.context["rows"][0]
    for text in (row.comment.text, f"#{row.comment.pk}", f"+{row.difference:.2f}", "under-sensitive"):
        assert text in shown
    assert page.context["verdicts"].under == page.context["verdicts"].total == len(found)


def test_pages_follow_on_each_other_and_keep_what_was_asked(version, ada):
    first, second = (page_of(ada, version.model, f"?q=the&page={number}") for number in (1, 2))

    found = results.select(version.model.dataset, version, Query(q="the"))
    assert ids(first) + ids(second) == found.ids[:50].tolist()
    assert 'rel="next" href="?q=the&amp;page=2"' in first.content.decode()


def test_a_topic_a_search_and_an_order(version, ada):
    topic = version.model.dataset.topics.get(number=1)

    page = page_of(ada, version.model, f"?topic={topic.pk}&ordering=system")

    wanted = topic.comments.order_by("system", "pk").values_list("pk", flat=True)
    assert ids(page) == list(wanted[:25])
    assert 'aria-sort="ascending"' in page.content.decode()


def test_numbers_by_hand_are_found_and_missing_ones_named(version, ada):
    one, two = Comment.objects.order_by("pk")[:2]

    page = page_of(ada, version.model, f"?ids=%23{two.pk},+{one.pk}%0A99999999")

    assert sorted(ids(page)) == [one.pk, two.pk]
    assert page.context["ids_missing"] == [99999999]
    assert "Not found: #99999999" in " ".join(page.content.decode().replace("</p>", "").split())


def test_percent_and_underscore_are_themselves(version, ada):
    Comment.objects.filter(pk=Comment.objects.first().pk).update(text="100%_sure")

    assert len(ids(page_of(ada, version.model, "?q=%25_"))) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?q=a", "invalid_q"),
        ("?q=%00%00", "invalid_q"),
        ("?ids=seven", "invalid_ids"),
        ("?topic=0", "unknown_topic"),
        ("?topic=99999999999999999999", "unknown_topic"),
        ("?error_type=both", "invalid_error_type"),
        ("?ordering=colour", "invalid_ordering"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_the_form(version, ada, query, code):
    page = page_of(ada, version.model, query)

    assert (page.status_code, page.context["refusal"].code) == (400, code)
    assert 'role="search"' in page.content.decode()


def test_the_system_alone_has_no_predictions_and_no_reports(dataset, ada):
    for of in (dataset, factories.personal(dataset, ada)):
        page = page_of(ada, of)
        assert ids(page) == results.select(dataset).ids[:25].tolist()
        assert len(page.context["picture"].panels) == 1
    assert 'name="comment"' not in page_of(ada, dataset).content.decode()


def test_the_picture_is_of_a_sample_and_the_table_of_all(version, ada, monkeypatch):
    monkeypatch.setattr(results.Selection.sample, "__defaults__", (50,))

    page = page_of(ada, version.model)

    assert (page.context["picture"].n, len(page.context["found"])) == (50, 400)
    assert "a sample of 50 of them" in page.content.decode()


def chosen(version: Version, n: int) -> list[int]:
    return results.select(version.model.dataset, version).ids[:n].tolist()


def send(user, version: Version, query: str = "", **body):
    return browser_of(user).post(address(version.model, query), {"version": version.number} | body)


def test_chosen_comments_become_evidence_of_a_new_report(version, ada):
    answer = send(ada, version, "?error_type=under", report="new", comment=chosen(version, 2))

    report = Report.objects.get()
    assert answer["Location"] == address(version.model, f"?error_type=under&report={report.pk}#evidence")
    assert [one.comment_id for one in report.evidence.all()] == chosen(version, 2)
    back = browser_of(ada).get(answer["Location"])
    assert f'<option value="{report.pk}" selected>' in back.content.decode()
    assert f'href="/audits/reports/{report.pk}/">Open this report' in back.content.decode()


def test_evidence_of_an_existing_report_is_as_the_person_saw_it(version, ada):
    report = reports.create(version.model, actor=ada, title="Too mild")
    fitting.fit(version.model)

    send(ada, version, report=report.pk, comment=chosen(version, 1))

    assert report.evidence.get().version == version


@pytest.mark.parametrize("body", [{"comment": []}, {"comment": ["seven"]}])
def test_evidence_that_is_none_makes_no_report(version, ada, body):
    answer = send(ada, version, report="new", **body)

    assert answer.status_code == 400
    assert answer.context["not_added"].field == "comments"
    assert not Report.objects.exists()


def test_the_choice_stays_when_it_is_refused(version, ada, monkeypatch):
    monkeypatch.setattr(reports, "MAX_EVIDENCE", 1)

    answer = send(ada, version, report="new", comment=chosen(version, 2))

    assert answer.content.decode().count(" checked>") == 2


def test_evidence_goes_into_reports_of_this_model_only(version, ada, ben):
    dataset = version.model.dataset
    of_ben = reports.create(factories.personal(dataset, ben), actor=ben)
    of_another = reports.create(audit_models.create(dataset, actor=ada, name="Other"), actor=ada)

    for report in (of_ben.pk, of_another.pk, "", "seven", 10**30):
        assert send(ada, version, report=report, comment=chosen(version, 1)).status_code == 404
    assert send(ben, version, report=of_ben.pk, comment=chosen(version, 1)).status_code == 404
    assert not Evidence.objects.exists()


def test_comments_of_others_are_not_found(version, ada, ben):
    secret = Dataset.objects.create(title="Secret", project=project(), created_by=ben)

    assert page_of(ben, version.model).status_code == 404
    assert page_of(ada, secret).status_code == 404


def test_looking_changes_no_row(version, ada):
    browser, rows = browser_of(ada), row_counts()
    for of in (version.model, version.model.dataset):
        for query in ("", "?q=the&ids=1", "?ordering=-id&page=2", "?q=a"):
            browser.get(address(of, query))
            browser.get(address(of, query).replace("comments", "topics"))
    assert row_counts() == rows


def row_counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in apps.get_app_config("audits").get_models()}


def test_comments_are_read_with_as_many_statements_for_one_as_for_a_page(version, ada):
    browser = browser_of(ada)
    browser.get(address(version.model))  # keeps the corpus and the predictions
    with CaptureQueriesContext(connection) as many:
        assert len(ids(browser.get(address(version.model)))) == 25
    reports.add_evidence(reports.create(version.model, actor=ada), chosen(version, 3), actor=ada)
    with CaptureQueriesContext(connection) as few:
        assert len(ids(browser.get(address(version.model, f"?ids={chosen(version, 1)[0]}")))) == 1
    assert len(many) == len(few) <= 10
