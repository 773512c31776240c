"""The label page: what it shows, saves and refuses."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audits import audit_models, labelling
from audits.models import AuditModel, Label, ServedComment, Version
from tests.audits import factories
from tests.factories import browser_of


@pytest.fixture
def model(dataset, ada) -> AuditModel:
    """With a batch of 20 comments."""
    model = factories.personal(dataset, ada)
    labelling.next_batch(model)
    return model


@pytest.fixture
def browser(ada) -> Client:
    return browser_of(ada)


def at(model: AuditModel) -> str:
    return f"/audits/models/{model.pk}/label/"


def shown(browser: Client, model: AuditModel, query: str = "") -> list[int]:
    return [row.comment.pk for row in browser.get(at(model) + query).context["rows"]]


def form(ids: list[int], value: str, was: str = "", **more: str) -> dict[str, str]:
    sent = {f"label-{pk}": value for pk in ids} | {f"was-{pk}": was for pk in ids}
    return sent | more


def values(model: AuditModel) -> dict[int, int | None]:
    return dict(Label.objects.filter(model=model).values_list("comment_id", "value"))


def test_reading_the_page_serves_nothing(dataset, ada, browser):
    model = factories.personal(dataset, ada)

    assert browser.get(at(model)).context["rows"] == []
    assert not ServedComment.objects.exists()


def test_all_answers_of_the_form_are_saved(model, browser):
    first, second, *_others = shown(browser, model)

    answer = browser.post(at(model), form([first], "3") | form([second], "unsure", batch="1"))

    assert answer["Location"] == f"{at(model)}?batch=1"
    assert values(model) == {first: 3, second: None}


def test_an_older_tab_takes_back_nothing(model, browser):
    first, second, *_others = shown(browser, model)
    labelling.put_labels(model, [(first, 4), (second, 0)])

    browser.post(at(model), form([first], "1", was="1") | form([second], "2", was="0"))

    assert values(model) == {first: 4, second: 2}


def test_a_single_label_is_answered_with_the_progress(model, browser):
    first, *_others = shown(browser, model)

    answer = browser.post(at(model), form([first], "3", then="progress"))

    assert "1 labelled" in answer.content.decode()
    assert "A model needs 9 more" in answer.content.decode()
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize("value", ["5", "-1", "x", "", "1e0", "٣٣٣"])
def test_what_is_no_label_is_refused_and_nothing_is_saved(model, browser, value):
    first, second, *_others = shown(browser, model)

    answer = browser.post(at(model), form([first], "3") | form([second], value, was="2"))

    assert (answer.status_code, answer.context["refusal"].code) == (400, "invalid_label")
    assert values(model) == {}


def test_a_comment_of_nowhere_is_refused(model, browser):
    answer = browser.post(at(model), {"label-x": "3"})

    assert (answer.status_code, answer.context["refusal"].code) == (400, "unknown_comment")


def test_nine_labels_are_kept_but_make_no_model(model, browser):
    answer = browser.post(at(model), form(shown(browser, model)[:9], "3", then="fit"))

    assert (answer.status_code, answer.context["refusal"].code) == (400, "too_few_labels")
    assert len(values(model)) == 9
    assert not Version.objects.exists()


def test_ten_labels_make_a_model(model, browser):
    answer = browser.post(at(model), form(shown(browser, model)[:10], "3", then="fit"))

    assert answer["Location"] == f"/audits/models/{model.pk}/"
    assert Version.objects.get().labels == 10


def test_more_comments_are_others_and_of_the_topic_that_was_chosen(model, browser, dataset):
    before = shown(browser, model)
    topic = browser.get(at(model)).context["topics"][0].topic
    browser.post(at(model), form(before, "1", then="more", topic=str(topic.pk)))

    page = browser.get(at(model))

    assert (page.context["batch"], len(page.context["rows"])) == (2, 20)
    assert {row.comment.topic_id for row in page.context["rows"]} == {topic.pk}
    assert not {row.comment.pk for row in page.context["rows"]} & set(before)
    assert shown(browser, model, "?batch=1") == before


def test_the_page_opens_where_something_is_without_an_answer(model, browser):
    labelling.next_batch(model)
    assert browser.get(at(model)).context["batch"] == 1

    browser.post(at(model), form(shown(browser, model), "1"))

    assert browser.get(at(model)).context["batch"] == 2


def test_labels_that_came_another_way_can_be_corrected_too(model, browser, dataset):
    other = dataset.comments.exclude(pk__in=shown(browser, model)).first()
    labelling.put_labels(model, [(other.pk, 2)])

    assert shown(browser, model, "?batch=0") == [other.pk]


def test_a_groups_model_has_nothing_to_label(dataset, ada, browser):
    model = audit_models.create(dataset, actor=ada, name="G", kind="group", filters={"gender": "female"})

    assert browser.get(at(model))["Location"] == f"/audits/models/{model.pk}/"


def test_the_model_of_somebody_else_is_not_found(model, ben):
    browser = browser_of(ben)

    assert [browser.get(at(model)).status_code, browser.post(at(model)).status_code] == [404, 404]


def test_the_page_takes_as_many_statements_for_60_comments_as_for_20(model, browser):
    labelling.next_batch(model, 60)

    assert statements(browser, model, "?batch=2") == statements(browser, model, "?batch=1") < 16


def statements(browser: Client, model: AuditModel, query: str) -> int:
    browser.get(at(model) + query)  # remembers who asks, and what it knows of the data set
    with CaptureQueriesContext(connection) as asked:
        browser.get(at(model) + query)
    return len(asked)
