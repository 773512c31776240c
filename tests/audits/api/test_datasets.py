"""What an API client reads of data sets, and changes."""

import pytest

from audits import audit_models
from audits.models import Dataset, Kind
from tests.audits import factories
from tests.factories import client_of

DATASETS = "/api/audits/datasets/"


def test_data_sets_of_ones_projects_and_of_none_are_listed(dataset, house, ada):
    of_project = factories.dataset(project=house.project, is_fitted=False)

    def listed(user) -> list[int]:
        return [one["id"] for one in client_of(user).get(DATASETS).json()["results"]]

    assert listed(house.annotator) == [of_project.pk, dataset.pk]
    assert listed(ada) == [dataset.pk]
    assert client_of(ada).get(f"{DATASETS}{of_project.pk}/").status_code == 404


def test_one_data_set_is_shown_with_all_its_settings(dataset, client):
    body = client.get(f"{DATASETS}{dataset.pk}/").json()

    base = dataset.base_models.get()
    assert body.pop("created_at") and body["base_model"].pop("fitted_at")
    assert body.pop("harms") == dataset.harms
    assert body.pop("label_bins")[2] == {"from": 1.5, "to": 2.5, "n": 8}
    assert body == {
        "id": dataset.pk,
        "title": "Made-up comments",
        "project": None,
        "description": "",
        "content_warning": "",
        "scale_max": 4,
        "threshold": 2.0,
        "min_labels": 10,
        "good_below": 1.0,
        "okay_below": 1.2,
        "min_topic_comments": 30,
        "min_tuning_comments": 50,
        "min_group": 5,
        "harm_share": 0.3,
        "developers": [],
        "deployers": [],
        "artifact_name": "",
        "artifact_type": "System",
        "comments": 400,
        "base_model": {
            "id": base.pk,
            "algorithm": "baseline",
            "seed": 7,
            "ratings": 2000,
            "uses_topic_factors": base.uses_topic_factors,
        },
        "may_change": False,
    }


def test_managers_change_settings_and_members_do_not(house):
    at = f"{DATASETS}{factories.dataset(project=house.project, is_fitted=False).pk}/"

    changed = client_of(house.lead).patch(at, {"min_labels": 20, "content_warning": "Insults."})
    refused = client_of(house.annotator).patch(at, {"min_labels": 2})

    assert (changed.status_code, changed.json()["min_labels"], changed.json()["may_change"]) == (
        200,
        20,
        True,
    )
    assert changed.json()["content_warning"] == "Insults."
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert client_of(house.stranger).patch(at, {"min_labels": 2}).status_code == 404
    assert Dataset.objects.get().min_labels == 20


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"threshold": 4.5}, "threshold"),
        ({"threshold": "NaN"}, "threshold"),
        ({"good_below": 2}, "okay_below"),
        ({"harm_share": 1}, "harm_share"),
        ({"min_labels": 1}, "min_labels"),
        ({"min_group": 1}, "min_group"),
        ({"title": ""}, "title"),
        ({"label_bins": [{"from": 0, "to": 10**399, "n": 1}]}, "label_bins"),
        ({"developers": "Forum"}, "developers"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(dataset, changes, field):
    answer = client_of(factories.admin()).patch(f"{DATASETS}{dataset.pk}/", changes)

    assert (answer.status_code, [*answer.json()["validation_errors"]]) == (400, [field])
    assert Dataset.objects.values().get() == Dataset.objects.filter(pk=dataset.pk).values().get()
    assert Dataset.objects.get().threshold == 2.0


def test_the_system_alone_is_shown_by_topic(dataset, client):
    body = client.get(f"{DATASETS}{dataset.pk}/topics/?stat=median").json()

    medians = [row["system_median"] for row in body["results"]]
    assert (body["version"], body["count"]) == (None, len(medians))
    assert medians == sorted(medians, reverse=True) == [row["placed"] for row in body["results"]]
    assert {row["mae"] for row in body["results"]} == {None}
    assert {row["is_suggested"] for row in body["results"]} == {True}


def test_topics_that_are_too_small_are_shown_when_asked_for(dataset, client):
    at = f"{DATASETS}{dataset.pk}/topics/"

    sizes = [row["n"] for row in client.get(f"{at}?min_comments=50&sort=-n").json()["results"]]
    every = [row["topic"]["number"] for row in client.get(f"{at}?suggested=false").json()["results"]]

    assert min(sizes) >= 50
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(every) == [-1, *range(8)]


@pytest.mark.parametrize("query", ["sort=-fn", "sort=mae"])
def test_errors_need_a_model(dataset, client, query):
    answer = client.get(f"{DATASETS}{dataset.pk}/topics/?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "no_model")


def test_comments_are_shown_with_what_the_system_says(dataset, client):
    body = client.get(f"{DATASETS}{dataset.pk}/comments/?page_size=1").json()

    worst = dataset.comments.select_related("topic").order_by("-system", "id").first()
    assert (body["count"], body["version"], body["previous"]) == (400, None, None)
    assert body["next"].endswith("/comments/?page=2&page_size=1")
    assert body["results"] == [
        {
            "id": worst.pk,
            "external_id": worst.external_id,
            "text": worst.text,
            "topic": {"id": worst.topic_id, "number": worst.topic.number, "label": worst.topic.label},
            "system": worst.system,
            "is_toxic": True,
            "harms": [name for name in dataset.harms if worst.harms[name] > 0.3],
            "predicted": None,
            "difference": None,
            "magnitude": None,
            "error_type": None,
            "label": None,
        }
    ]


def test_examples_cover_the_scale_and_are_the_same_every_time(dataset, client):
    first, second = (client.get(f"{DATASETS}{dataset.pk}/examples/?n=5").json() for _ in range(2))

    ratings = [one["system"] for one in first]
    assert first == second
    assert ratings == sorted(ratings)
    assert len(ratings) == 5
    assert [one["is_toxic"] for one in first] == [one >= 2 for one in ratings]
    assert client.get(f"{DATASETS}{dataset.pk}/examples/?n=101").json()["code"] == "invalid_n"


def test_the_size_of_a_small_group_is_not_told(dataset, client):
    def size(query: str) -> dict:
        return client.get(f"{DATASETS}{dataset.pk}/group-size/?{query}").json()

    women = dataset.raters.filter(gender="female", races__contains=["white"]).count()
    assert size("") == {"size": 60, "is_suppressed": False, "min_group": 5}
    assert size("gender=female&race=white") == {"size": women, "is_suppressed": False, "min_group": 5}
    few = "gender=non-binary&politics=liberal&religion=very important&lgbtq=yes"
    assert size(few) == {"size": None, "is_suppressed": True, "min_group": 5}


def test_settings_are_what_a_screen_needs_to_begin(dataset, ada, client):
    mine = factories.personal(dataset, ada)
    topic = dataset.topics.get(label="bicycles")
    tuned = audit_models.create(dataset, actor=ada, name="Bikes", kind=Kind.TOPIC, parent=mine, topic=topic)
    factories.personal(dataset, factories.admin(), "Not Ada's")

    body = client.get(f"{DATASETS}{dataset.pk}/settings/").json()

    def ids(kind: str) -> list[int]:
        return [one["id"] for one in body["models"][kind]]

    assert (ids("personal"), ids("topic"), ids("group")) == ([mine.pk], [tuned.pk], [])
    assert len(body["display_name"].split()) == 2
    assert body["suggested_name"] == body["display_name"]
    assert [one["topic"]["label"] for one in body["topics"]["tuned"]] == ["bicycles"]
    others = [one["topic"]["label"] for one in body["topics"]["others"]]
    assert others and "bicycles" not in others
    assert min(one["comments"] for one in body["topics"]["for_tuning"]) >= 50
    assert body["demographics"]["gender"] == ["female", "male", "non-binary"]
    assert set(body["demographics"]) == {"gender", "politics", "religion", "lgbtq", "race"}
    assert body["offered"] == {
        "stats": ["mean", "median", "mae", "mse", "avg_diff", "fp_fn"],
        "error_types": ["under", "over"],
        "keep": [0, 1],
        "remove": [2, 3, 4],
    }
