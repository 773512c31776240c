"""Explore, a new model, and what a model has learned."""

import uuid

import pytest
from django.test import Client

from audits import audit_models, datasets, fitting, labelling
from audits.models import AuditModel, BaseModel, Dataset, Version
from tests.audits import factories
from tests.factories import browser_of


@pytest.fixture
def browser(ada) -> Client:
    return browser_of(ada)


def new(dataset) -> str:
    return f"/audits/datasets/{dataset.pk}/models/new/"


def test_explore_shows_the_system_alone(dataset, browser):
    page = browser.get(f"/audits/datasets/{dataset.pk}/")

    context = page.context
    assert (len(context["examples"]), len(context["topics"]), context["models"].count()) == (8, 7, 0)
    assert [step.name for step in context["steps"] if step.is_current] == ["explore"]
    assert [step.name for step in context["steps"] if step.url] == ["explore"]


def test_an_empty_data_set_says_so(dataset, browser):
    dataset.comments.all().delete()
    dataset.topics.all().delete()
    Dataset.objects.update(revision=uuid.uuid4())

    page = browser.get(f"/audits/datasets/{dataset.pk}/").content.decode()

    assert "It has no comments yet." in page
    assert "Its topics" not in page


def test_without_a_base_model_nobody_begins(dataset, browser):
    BaseModel.objects.all().delete()

    page = browser.get(f"/audits/datasets/{dataset.pk}/").content.decode()

    assert "no base model is fitted" in page
    assert "Label comments yourself" not in page


def test_one_press_makes_a_model_with_comments_to_label(dataset, browser):
    answer = browser.post(new(dataset), {"kind": "personal"})

    model = AuditModel.objects.get()
    assert answer["Location"] == f"/audits/models/{model.pk}/label/"
    assert model.served.count() == 20


def test_a_topics_model_starts_from_ones_own(dataset, browser, ada, ben):
    theirs, mine = factories.labelled(dataset, ben), factories.labelled(dataset, ada)
    page = browser.get(f"{new(dataset)}?kind=topic")
    topic = page.context["topics"][0].topic

    refused = browser.post(new(dataset), {"kind": "topic", "parent": theirs.pk, "topic": topic.pk})
    browser.post(new(dataset), {"kind": "topic", "parent": mine.pk, "topic": topic.pk})

    assert list(page.context["parents"]) == [mine]
    assert (refused.status_code, refused.context["refusal"].code) == (400, "invalid_parent")
    model = AuditModel.objects.get(kind="topic")
    assert (model.parent, model.topic) == (mine, topic)
    assert set(model.served.values_list("comment__topic", flat=True)) == {topic.pk}
    assert labelling.progress(model).needed == 0  # its parent's labels count


def test_a_groups_model_is_fitted_at_once(dataset, browser):
    page = browser.get(f"{new(dataset)}?kind=group&gender=female")
    answer = browser.post(new(dataset), {"kind": "group", "name": "Women", "gender": "female", "race": ""})

    model = AuditModel.objects.get()
    assert page.context["size"].size == 30
    assert answer["Location"] == f"/audits/models/{model.pk}/"
    assert (model.name, model.filters, Version.objects.count()) == ("Women", {"gender": "female"}, 1)
    steps = browser.get(answer["Location"]).context["steps"]
    assert [step.name for step in steps] == ["explore", "model", "topics", "comments", "reports"]


def test_a_small_group_is_not_told_and_makes_no_model(dataset, browser):
    chosen = {"kind": "group", "gender": "non-binary", "race": "native"}
    page = browser.get(new(dataset), chosen)
    refused = browser.post(new(dataset), chosen)

    assert page.context["size"].size is None
    assert "Fewer than 5 people match" in page.content.decode()
    assert (refused.status_code, refused.context["refusal"].code) == (400, "group_too_small")
    assert (
        'value="native"' not in page.content.decode() and "<option selected>native" in page.content.decode()
    )
    assert not AuditModel.objects.exists()


def test_a_name_that_is_taken_keeps_the_form(dataset, browser, ada):
    factories.personal(dataset, ada, "Mine")

    refused = browser.post(new(dataset), {"kind": "personal", "name": "Mine"})

    assert (refused.status_code, refused.context["refusal"].code) == (400, "name_taken")
    assert (refused.context["name"], refused.context["kind"]) == ("Mine", "personal")


def test_the_fit_error_is_graded_and_the_disagreement_is_not(dataset, browser, ada):
    version = factories.fitted(dataset, ada, strictness=1.0)

    page = browser.get(f"/audits/models/{version.model_id}/")

    words = " ".join(page.content.decode().split())
    assert page.context["grade"] == fitting.grade(version.fit_error, dataset) == "good"
    assert words.count('class="grade') == 1
    assert f"You rate {version.avg_diff:.2f} higher than it does." in words
    assert "to disagree with the system is what an audit looks for" in words


def test_changed_labels_ask_for_another_fit(dataset, browser, ada):
    model = factories.fitted(dataset, ada).model
    address = f"/audits/models/{model.pk}/"
    assert not browser.get(address).context["is_outdated"]
    factories.answer(model, list(dataset.comments.all()[:3]), strictness=-1)
    assert browser.get(address).context["is_outdated"]

    browser.post(address)

    page = browser.get(address)
    assert not page.context["is_outdated"]
    assert [version.number for version, _grade in page.context["rows"]] == [2, 1]
    assert len(page.context["plot"].points) == 2


def test_labels_of_the_parent_ask_for_another_fit_too(dataset, browser, ada):
    parent = factories.fitted(dataset, ada).model
    topic = datasets.suggested_topics(dataset, is_tuning=True)[0].topic
    tuned = audit_models.create(dataset, actor=ada, name="One", kind="topic", parent=parent, topic=topic)
    fitting.fit(tuned)

    factories.answer(parent, list(dataset.comments.all()[:3]), strictness=-1)

    assert browser.get(f"/audits/models/{tuned.pk}/").context["is_outdated"]


def test_too_few_labels_are_told(dataset, browser, ada):
    model = factories.personal(dataset, ada)

    refused = browser.post(f"/audits/models/{model.pk}/")

    assert (refused.status_code, refused.context["refusal"].code) == (400, "too_few_labels")


def test_a_model_is_renamed_and_deleted(dataset, browser, ada):
    model = factories.fitted(dataset, ada).model
    factories.personal(dataset, ada, "Other")
    address = f"/audits/models/{model.pk}/"

    taken = browser.post(address, {"action": "rename", "name": "Other"})
    browser.post(address, {"action": "rename", "name": "Strict"})
    renamed = browser.get(address).context["model"].name
    deleted = browser.post(address, {"action": "delete"})

    assert (taken.status_code, taken.context["refusal"].code, renamed) == (400, "name_taken", "Strict")
    assert deleted["Location"] == f"/audits/datasets/{dataset.pk}/"
    assert [one.name for one in AuditModel.objects.all()] == ["Other"]
