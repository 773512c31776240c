"""Comments to label, labels, and the versions made of them."""

import pytest

from audits.models import Label, ServedComment, Version

MODELS = "/api/audits/models/"


@pytest.fixture
def at(model) -> str:
    return f"{MODELS}{model.pk}/"


def batch(client, at: str, **body) -> list[dict]:
    return client.post(f"{at}label-batch/", body).json()["comments"]


def test_comments_to_label_come_without_the_rating_of_the_system(dataset, client, at):
    answer = client.post(f"{at}label-batch/", {"n": 1})

    comment = dataset.comments.select_related("topic").get(pk=answer.json()["comments"][0]["id"])
    topic = {"id": comment.topic_id, "number": comment.topic.number, "label": comment.topic.label}
    assert answer.status_code == 200
    assert answer.json() == {
        "comments": [
            {"id": comment.pk, "external_id": comment.external_id, "text": comment.text, "topic": topic}
        ],
        "progress": {"labels": 0, "unsure": 0, "needed": 10, "unlabelled": 1},
    }


def test_batches_never_repeat_until_nothing_is_left(dataset, client, at):
    batches = []
    while found := batch(client, at, n=150):
        batches.append([one["id"] for one in found])

    every = [pk for one in batches for pk in one]
    assert [len(one) for one in batches][:2] == [150, 150]
    assert len(every) == len(set(every)) == dataset.comments.filter(topic__is_junk=False).count()


def test_a_batch_of_a_topic_has_no_other_comments(dataset, client, at):
    topic = dataset.topics.get(label="bicycles")

    assert {one["topic"]["id"] for one in batch(client, at, topic=topic.pk)} == {topic.pk}
    assert client.post(f"{at}label-batch/", {"topic": 10**9}).json()["code"] == "unknown_topic"


def test_what_was_given_waits_for_an_answer_in_its_order(client, at):
    given = [one["id"] for one in batch(client, at) + batch(client, at, n=3)]
    client.put(f"{at}labels/", [{"comment": given[1], "value": 2}, {"comment": given[3], "value": None}])

    waiting = client.get(f"{at}label-batch/?page_size=21").json()

    assert [one["id"] for one in waiting["results"]] == [pk for k, pk in enumerate(given) if k not in (1, 3)]
    assert ServedComment.objects.count() == 23


def test_a_correction_replaces_and_unsure_is_kept(client, at):
    first, second = (one["id"] for one in batch(client, at, n=2))

    stored = client.put(f"{at}labels/", [{"comment": first, "value": 4}, {"comment": second, "value": None}])
    corrected = client.put(f"{at}labels/", [{"comment": first, "value": 1}])

    assert stored.json() == {
        "labels": [{"comment": first, "value": 4}, {"comment": second, "value": None}],
        "progress": {"labels": 1, "unsure": 1, "needed": 9, "unlabelled": 0},
    }
    assert corrected.json()["labels"] == [{"comment": first, "value": 1}]
    shown = client.get(f"{at}labels/").json()["results"]
    assert {one["comment"]["id"]: one["value"] for one in shown} == {first: 1, second: None}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"value": 5}, "invalid_label"),
        ({"value": -1}, "invalid_label"),
        ({"value": 10**30}, "invalid_label"),
        ({"value": 2.5}, "invalid"),
        ({"value": True}, "invalid"),
        ({"value": "much"}, "invalid"),
        ({"value": {}}, "invalid"),
        ({"comment": 10**9, "value": 1}, "unknown_comment"),
        ({"comment": 10**30, "value": 1}, "max_value"),
        ({}, "required"),
    ],
)
def test_wrong_labels_are_refused_and_none_is_stored(dataset, client, at, wrong, code):
    right, other = dataset.comments.values_list("pk", flat=True)[:2]

    answer = client.put(f"{at}labels/", [{"comment": right, "value": 1}, {"comment": other} | wrong])

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Label.objects.exists()


@pytest.mark.parametrize("body", [[], {"comment": 1, "value": 1}, "1", 7, None, [7], [[]], [None]])
def test_labels_are_a_list_of_comments_and_values(client, at, body):
    assert client.put(f"{at}labels/", body).status_code == 400


def test_the_same_comment_twice_and_too_many_are_refused(dataset, client, at):
    one = {"comment": dataset.comments.first().pk, "value": 1}

    assert client.put(f"{at}labels/", [one, one]).json()["code"] == "repeated_comment"
    assert client.put(f"{at}labels/", [one] * 501).json()["code"] == "invalid_labels"


def test_nine_labels_and_one_unsure_make_no_model(client, at):
    given = batch(client, at, n=10)
    answers = [{"comment": one["id"], "value": k % 5} for k, one in enumerate(given)]
    answers[0]["value"] = None
    client.put(f"{at}labels/", answers)

    refused = client.post(f"{at}fit/")

    assert (refused.status_code, refused.json()["code"]) == (400, "too_few_labels")
    assert refused.json()["detail"] == (
        "A model needs 10 labels and has 9. Unsure does not count. Label 1 more."
    )
    assert not Version.objects.exists()


def test_a_version_tells_fit_error_and_disagreement_apart(client, at):
    answers = [{"comment": one["id"], "value": k % 5} for k, one in enumerate(batch(client, at))]
    answers[3]["value"] = None
    client.put(f"{at}labels/", answers)

    made = client.post(f"{at}fit/")

    stored = Version.objects.get()
    assert made.status_code == 201
    assert made.json().pop("created_at")
    assert {name: value for name, value in made.json().items() if name != "created_at"} == {
        "number": 1,
        "labels": 19,
        "unsure": 1,
        "fit_error": stored.fit_error,
        "grade": "label_more",
        "disagreement": {
            "n": stored.evaluated,
            "mae": stored.mae,
            "rmse": stored.rmse,
            "avg_diff": stored.avg_diff,
        },
        "base_model": stored.base_id,
    }


def test_a_correction_counts_in_the_next_version(client, at):
    answers = [{"comment": one["id"], "value": 1} for one in batch(client, at)]
    corrected = answers[0]["comment"]
    client.put(f"{at}labels/", answers)
    client.post(f"{at}fit/")
    client.put(f"{at}labels/", [{"comment": corrected, "value": 4}])
    client.post(f"{at}fit/")

    def predicted(version: int) -> float:
        return client.get(f"{at}comments/?ids={corrected}&version={version}").json()["results"][0][
            "predicted"
        ]

    newest, first = client.get(f"{at}versions/").json()["results"]

    assert (first["number"], newest["number"]) == (1, 2)
    assert newest["labels"] == first["labels"] == 20
    # Of the mean over all comments one cannot say: their slope changes, too.
    assert predicted(2) > predicted(1)
