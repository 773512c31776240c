import threading

import numpy as np
import pytest
from django.db import connection

from audits import audit_models, labelling
from audits.models import Comment, Kind, Label, ServedComment
from tests.factories import person
from users.errors import Refused

from . import factories


def counts_by_bin(comments: list[Comment]) -> list[int]:
    return np.histogram([one.system for one in comments], [0, 0.5, 1.5, 2.5, 3.5, 4.01])[0].tolist()


def test_a_batch_is_spread_over_the_bins(dataset, ada):
    model = factories.personal(dataset, ada)
    assert counts_by_bin(labelling.next_batch(model)) == [2, 4, 8, 4, 2]
    assert counts_by_bin(labelling.next_batch(model, 10)) == [1, 2, 4, 2, 1]


def test_batches_never_repeat_and_end_when_all_is_served(dataset, ada):
    model = factories.personal(dataset, ada)
    seen: list[int] = []
    while batch := labelling.next_batch(model, 50):
        seen += [one.pk for one in batch]
    ordinary = dataset.comments.filter(topic__is_junk=False)
    assert len(seen) == len(set(seen))
    assert set(seen) == set(ordinary.values_list("pk", flat=True))
    assert ServedComment.objects.filter(model=model).count() == len(seen)


def test_a_bin_that_is_empty_is_filled_from_its_neighbours(dataset, ada):
    dataset.comments.filter(system__gte=3.5).delete()
    model = factories.personal(dataset, ada)
    assert counts_by_bin(labelling.next_batch(model)) == [2, 4, 8, 6, 0]


def test_a_batch_of_a_topic_has_only_that(dataset, ada):
    gardening = dataset.topics.get(label="gardening")
    batch = labelling.next_batch(factories.personal(dataset, ada), 15, topic=gardening)
    assert len(batch) == 15
    assert {one.topic for one in batch} == {gardening}


def test_a_topic_model_is_not_given_what_its_parent_was(dataset, ada):
    bicycles = dataset.topics.get(label="bicycles")
    parent = factories.personal(dataset, ada)
    seen = {one.pk for one in labelling.next_batch(parent, 60, topic=bicycles)}
    tuned = audit_models.create(
        dataset, actor=ada, name="Bicycles", kind=Kind.TOPIC, parent=parent, topic=bicycles
    )
    batch = labelling.next_batch(tuned, 200)
    assert {one.pk for one in batch} == set(bicycles.comments.values_list("pk", flat=True)) - seen


def test_what_is_labelled_by_hand_is_not_served(dataset, ada):
    model = factories.personal(dataset, ada)
    by_hand = dataset.comments.filter(topic__label="bicycles").first()
    labelling.put_labels(model, [(by_hand.pk, 3)])
    batch = labelling.next_batch(model, 200, topic=by_hand.topic)
    assert by_hand not in batch
    assert len(batch) == by_hand.topic.comments.count() - 1


def test_a_later_answer_replaces_an_earlier_one(dataset, ada):
    model = factories.personal(dataset, ada)
    first, second = labelling.next_batch(model, 2)
    labelling.put_labels(model, [(first.pk, 1), (second.pk, None)])
    labelling.put_labels(model, [(first.pk, 4)])
    assert dict(model.labels.values_list("comment_id", "value")) == {first.pk: 4, second.pk: None}
    assert labelling.progress(model) == labelling.Progress(labels=1, unsure=1, needed=9, unlabelled=0)


@pytest.mark.parametrize("value", [-1, 5, True, 2.5, "3"])
def test_a_label_is_on_the_scale(dataset, ada, value):
    model = factories.personal(dataset, ada)
    first, second = labelling.next_batch(model, 2)
    with pytest.raises(Refused, match="0 to 4") as refused:
        labelling.put_labels(model, [(first.pk, 1), (second.pk, value)])
    assert refused.value.code == "invalid_label"
    assert not Label.objects.exists()


def test_labels_are_of_comments_of_the_dataset_each_once(dataset, ada):
    other = factories.dataset(is_fitted=False).comments.first()
    model = factories.personal(dataset, ada)
    mine = dataset.comments.first()
    for answers, code in (
        ([(mine.pk, 1), (other.pk, 1)], "unknown_comment"),
        ([(mine.pk, 1), (mine.pk, 2)], "repeated_comment"),
        ([], "invalid_labels"),
    ):
        with pytest.raises(Refused) as refused:
            labelling.put_labels(model, answers)
        assert refused.value.code == code
    assert not Label.objects.exists()


def test_a_group_has_no_labels(dataset, ada):
    group = audit_models.create(
        dataset, actor=ada, name="Women", kind=Kind.GROUP, filters={"gender": "female"}
    )
    for ask in (
        lambda: labelling.next_batch(group),
        lambda: labelling.put_labels(group, [(dataset.comments.first().pk, 1)]),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == "group_has_no_labels"


@pytest.mark.django_db(transaction=True)
def test_two_tabs_are_not_given_the_same_comments():
    model = factories.personal(factories.dataset(is_fitted=False), person("ada"))
    batches: list[list[Comment]] = []

    def draw() -> None:
        batches.append(labelling.next_batch(model, 10))
        connection.close()

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [one.pk for batch in batches for one in batch]
    assert len(seen) == len(set(seen)) == 40
