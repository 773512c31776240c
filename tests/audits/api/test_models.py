"""A person's models: made, listed, renamed, deleted."""

import pytest

from audits import labelling
from audits.models import AuditModel, Label, Report, Revision, Submission, Version
from tests.audits import factories
from tests.factories import client_of

MODELS = "/api/audits/models/"


def test_a_personal_model_is_made_and_shown(dataset, client):
    made = client.post(MODELS, {"dataset": dataset.pk, "name": "  Calm   Heron "})

    body = made.json()
    assert made.status_code == 201
    assert client.get(f"{MODELS}{body['id']}/").json() == body
    assert body.pop("id") and body.pop("created_at")
    assert body == {
        "dataset": dataset.pk,
        "name": "Calm Heron",
        "kind": "personal",
        "parent": None,
        "topic": None,
        "filters": {},
        "progress": {"labels": 0, "unsure": 0, "needed": 10, "unlabelled": 0},
        "version": None,
    }


def test_a_model_without_a_name_gets_two_friendly_words(dataset, client):
    names = [client.post(MODELS, {"dataset": dataset.pk}).json()["name"] for _ in range(2)]

    assert len(names[0].split()) == 2
    assert names[1] == f"{names[0]} 2"


def test_a_topic_model_starts_from_a_personal_one(dataset, model, client):
    topic = dataset.topics.get(label="bicycles")

    body = client.post(
        MODELS,
        {"dataset": dataset.pk, "name": "Bikes", "kind": "topic", "parent": model.pk, "topic": topic.pk},
    ).json()

    assert (body["kind"], body["parent"]) == ("topic", model.pk)
    assert body["topic"] == {"id": topic.pk, "number": topic.number, "label": "bicycles"}


def test_a_group_model_needs_no_labels(dataset, client):
    made = client.post(
        MODELS, {"dataset": dataset.pk, "name": "Women", "kind": "group", "filters": {"gender": "female"}}
    ).json()

    assert (made["filters"], made["progress"]) == ({"gender": "female"}, None)
    assert client.post(f"{MODELS}{made['id']}/fit/").status_code == 201
    assert client.post(f"{MODELS}{made['id']}/label-batch/").json()["code"] == "group_has_no_labels"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"name": "Mine"}, "name_taken", "name"),
        ({"name": "\u202e"}, "invalid_name", "name"),
        ({"name": "x" * 101}, "invalid_name", "name"),
        ({"name": "A", "kind": "robot"}, "invalid_choice", "kind"),
        ({"name": "A", "kind": "topic"}, "invalid_parent", "parent"),
        ({"name": "A", "topic": 10**9}, "unknown_topic", "topic"),
        ({"name": "A", "kind": "group"}, "no_filters", "filters"),
        ({"name": "A", "kind": "group", "filters": {"shoes": "red"}}, "unknown_filter", "filters"),
        ({"name": "A", "kind": "group", "filters": {"gender": "robot"}}, "group_too_small", "filters"),
        ({"name": "A", "filters": {"gender": "female"}}, "only_for_groups", "kind"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(dataset, model, client, body, code, field):
    answer = client.post(MODELS, {"dataset": dataset.pk} | body)

    assert answer.status_code == 400
    assert (answer.json()["code"], [*answer.json()["validation_errors"]]) == (code, [field])
    assert list(AuditModel.objects.all()) == [model]


def test_ones_own_models_are_listed_by_data_set(dataset, ada, ben, client):
    first, second = (factories.personal(dataset, ada, name) for name in ("First", "Second"))
    factories.personal(dataset, ben)
    other = factories.dataset(is_fitted=False)

    def listed(query: str = "") -> list[int]:
        return [one["id"] for one in client.get(f"{MODELS}{query}").json()["results"]]

    assert listed() == listed(f"?dataset={dataset.pk}") == [second.pk, first.pk]
    assert listed(f"?dataset={other.pk}") == []
    assert client.get(f"{MODELS}?dataset={10**9}").status_code == 404


def test_the_list_shows_progress_and_the_newest_version(dataset, ada, client, version):
    labelling.next_batch(version.model, 3)
    client.post(f"{MODELS}{version.model_id}/fit/")

    shown = client.get(MODELS).json()["results"][0]

    assert shown["progress"] == {"labels": 20, "unsure": 0, "needed": 0, "unlabelled": 3}
    assert shown["version"] == client.get(f"{MODELS}{version.model_id}/versions/").json()["results"][0]
    assert shown["version"]["number"] == 2


def test_a_model_is_renamed(dataset, ada, model, client):
    factories.personal(dataset, ada, "Other")

    renamed = client.patch(f"{MODELS}{model.pk}/", {"name": "New", "kind": "group"})
    taken = client.patch(f"{MODELS}{model.pk}/", {"name": "Other"})

    assert (renamed.json()["name"], renamed.json()["kind"]) == ("New", "personal")
    assert (taken.status_code, taken.json()["code"]) == (400, "name_taken")
    assert AuditModel.objects.get(pk=model.pk).name == "New"


def test_a_model_is_deleted_with_all_that_was_made_of_it(version, client):
    Report.objects.create(model=version.model).evidence.create(version=version, external_id="c", system=2)

    assert client.delete(f"{MODELS}{version.model_id}/").status_code == 204
    for rows in (AuditModel, Label, Version, Report):
        assert not rows.objects.exists()


def test_a_model_with_a_report_in_the_register_stays(model, client):
    report = Report.objects.create(model=model)
    Submission.objects.create(revision=Revision.objects.create(report=report, number=1, body={}), body={})

    answer = client.delete(f"{MODELS}{model.pk}/")

    assert (answer.status_code, answer.json()["code"]) == (400, "has_sent_reports")
    assert AuditModel.objects.get() == model
    assert client_of(model.owner).get(f"{MODELS}{model.pk}/").status_code == 200
