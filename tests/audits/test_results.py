import time

import numpy as np
import pytest

from audits import fitting, labelling, results
from audits.corpus import corpus_of, predictions
from audits.maths.formulas import ErrorType, Stat
from audits.models import Comment, Dataset, Version
from audits.results import Query
from users.errors import Refused

from . import factories

T = 2.0


@pytest.fixture
def version(dataset, ada) -> Version:
    fitted = factories.fitted(dataset, ada, strictness=0.2)
    return fitting.require_version(fitted.model)


def described(version: Version) -> dict[int, tuple[Comment, float]]:
    corpus = corpus_of(version.model.dataset)
    comments = version.model.dataset.comments.select_related("topic").in_bulk()
    return {pk: (comments[pk], p) for pk, p in zip(corpus.ids.tolist(), predictions(version), strict=True)}


def test_topics_are_those_of_a_loop_over_the_comments(dataset, version):
    rows = results.topics(dataset, version, suggested_only=False)
    assert len(rows) == 9
    for row in rows:
        mine = [(one.system, p) for one, p in described(version).values() if one.topic == row.topic]
        s, p = np.array(mine).T
        assert (row.n, row.system_mean, row.mean) == (
            len(s),
            pytest.approx(s.mean()),
            pytest.approx(p.mean()),
        )
        assert row.fn == pytest.approx(sum(a < T <= b for a, b in mine) / len(mine))
        assert row.fp == pytest.approx(sum(b < T <= a for a, b in mine) / len(mine))
        assert row.avg_diff == pytest.approx((p - s).mean())


def test_topics_are_sorted_filtered_and_placed(dataset, version):
    rows = results.topics(dataset, version)
    assert {row.topic.is_junk for row in rows} == {False}
    assert min(row.n for row in rows) >= 30
    assert [row.mean for row in rows] == sorted((row.mean for row in rows), reverse=True)
    by_mae = results.topics(dataset, version, stat=Stat.FP_FN, sort="mae")
    assert [row.mae for row in by_mae] == sorted(row.mae for row in by_mae)
    assert by_mae[0].placed(Stat.FP_FN) == by_mae[0].fp + by_mae[0].fn
    under = results.topics(dataset, version, error_type=ErrorType.UNDER)
    assert under and all(row.fn > 0 for row in under)
    with pytest.raises(Refused) as refused:
        results.topics(dataset, version, sort="colour")
    assert refused.value.code == "invalid_sort"


def test_without_a_model_topics_show_the_system_alone(dataset):
    rows = results.topics(dataset)
    assert {row.mae for row in rows} == {None}
    assert [row.placed(Stat.MAE) for row in rows] == sorted((row.system_mean for row in rows), reverse=True)
    with pytest.raises(Refused) as refused:
        results.topics(dataset, sort="-fn")
    assert refused.value.code == "no_model"


def test_worst_topics_are_those_with_the_most_errors_of_a_kind(version):
    worst = results.worst_topics(version, 3)
    fn = [row.fn for row in worst[ErrorType.UNDER]]
    assert len(fn) == 3
    assert fn == sorted(fn, reverse=True)
    assert worst[ErrorType.OVER] and all(row.fp > 0 for row in worst[ErrorType.OVER])


def test_comments_come_by_difference_and_pages_are_stable(dataset, version):
    selection = results.select(dataset, version)
    assert len(selection) == 400
    paged = [row for offset in range(0, 400, 37) for row in selection.rows(offset, 37)]
    assert len({row.comment.pk for row in paged}) == 400
    keys = [(-abs(row.difference), row.comment.pk) for row in paged]
    assert keys == sorted(keys)
    for row in paged[:50]:
        comment, p = described(version)[row.comment.pk]
        assert (row.system, row.predicted) == (comment.system, p)
        assert row.magnitude == (abs(p - comment.system) if row.error_type else 0)


def test_a_rating_at_the_threshold_is_toxic_in_every_answer(dataset, version):
    """The system says exactly 2.0 where the person says less, and the other way round."""
    mild = next(one for one, p in described(version).values() if p < T)
    Dataset.objects.filter(pk=dataset.pk).update(revision="0" * 32)
    Comment.objects.filter(pk=mild.pk).update(system=T)
    dataset.refresh_from_db()
    version = fitting.require_version(version.model)
    version.model.dataset = dataset
    (row,) = results.select(dataset, version, Query(ids=[mild.pk])).rows()
    assert (row.is_toxic, row.error_type) == (True, ErrorType.OVER)
    over = results.select(dataset, version, Query(error_type=ErrorType.OVER))
    assert mild.pk in over.ids
    topic = next(
        row for row in results.topics(dataset, version, suggested_only=False) if row.topic.pk == mild.topic_id
    )
    toxic = mild.topic.comments.filter(system__gte=T).count()
    assert topic.system_toxic == pytest.approx(toxic / topic.n)
    assert topic.fp >= 1 / topic.n


@pytest.mark.parametrize("kind", list(ErrorType))
def test_comments_of_an_error_type(dataset, version, kind):
    found = results.select(dataset, version, Query(error_type=kind))
    expected = {
        pk
        for pk, (one, p) in described(version).items()
        if (one.system < T <= p if kind == ErrorType.UNDER else p < T <= one.system)
    }
    assert expected
    assert set(found.ids.tolist()) == expected
    assert {row.error_type for row in found.rows()} == {kind}


def test_a_search_is_literal(dataset):
    odd = dataset.comments.first()
    Comment.objects.filter(pk=odd.pk).update(text=r"100 % of_all\ 猫 HATS")
    for q in ("% of_", "of_all", "\\ ", "hats", "猫 h"):
        assert odd.pk in results.select(dataset, None, Query(q=q)).ids
    for q in ("%of", "of.all", "1%0", "__"):
        assert len(results.select(dataset, None, Query(q=q))) == 0
    for q in ("h", "x" * 201, "a\0b"):
        with pytest.raises(Refused) as refused:
            results.select(dataset, None, Query(q=q))
        assert refused.value.code == "invalid_q"


def test_topic_search_and_added_ids_together(dataset):
    cats = dataset.topics.get(label="cats")
    added = dataset.comments.exclude(topic=cats).first()
    other = factories.dataset(is_fitted=False).comments.first()
    found = results.select(dataset, None, Query(topic=cats, q="cats", ids=[added.pk, other.pk]))
    expected = set(cats.comments.filter(text__contains="cats").values_list("pk", flat=True))
    assert set(found.ids.tolist()) == expected | {added.pk}
    assert results.select(dataset, None, Query(ids=[added.pk])).ids.tolist() == [added.pk]


@pytest.mark.parametrize(
    "ordering", ["system", "-system", "id", "-id", "predicted", "-predicted", "difference"]
)
def test_orderings(dataset, version, ordering):
    found = results.select(dataset, version, Query(ordering=ordering))
    values = {
        "system": found.system,
        "id": found.ids,
        "predicted": found.predicted,
        "difference": np.abs(found.predicted - found.system),
    }[ordering.removeprefix("-")]
    steps = np.diff(values)
    assert (steps <= 0).all() if ordering.startswith("-") else (steps >= 0).all()


def test_what_needs_a_model_is_refused_without_one(dataset):
    for query in (Query(ordering="-difference"), Query(error_type=ErrorType.OVER)):
        with pytest.raises(Refused) as refused:
            results.select(dataset, None, query)
        assert refused.value.code == "no_model"
    with pytest.raises(Refused) as refused:
        results.select(dataset, None, Query(ordering="colour"))
    assert refused.value.code == "invalid_ordering"


def test_a_sample_for_a_picture_is_the_same_every_time(dataset, version):
    selection = results.select(dataset, version)
    sample = selection.sample(50)
    assert len(sample) == 50
    assert sample.ids.tolist() == selection.sample(50).ids.tolist()
    assert selection.sample(500) is selection


def test_harms_are_shares_above_that_of_the_dataset(dataset):
    one = dataset.comments.first()
    one.harms = {"insult": 0.3, "threat": 0.31, "profanity": 1, "not of this data set": 1}
    assert results.harms_of(one, dataset) == ["profanity", "threat"]


def test_evidence_is_a_snapshot_of_now(dataset, version):
    label = version.model.labels.first()
    [found] = results.snapshots([label.comment], version.model, version)
    assert found == {
        "comment": label.comment,
        "version": version,
        "external_id": label.comment.external_id,
        "text": label.comment.text,
        "topic": label.comment.topic.label,
        "system": label.comment.system,
        "predicted": described(version)[label.comment_id][1],
        "label": label.value,
    }


def test_odds_of_being_missed_by_harm_category(dataset, version):
    odds = results.harm_odds(version)
    missed = set(results.select(dataset, version, Query(error_type=ErrorType.UNDER)).ids.tolist())
    cells = [[0, 0], [0, 0]]
    for one in dataset.comments.all():
        cells[one.harms["insult"] <= 0.3][one.pk not in missed] += 1
    (a, b), (c, d) = cells
    assert odds["insult"].ratio == pytest.approx((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
    assert 0 <= odds["insult"].p_value <= 1


def test_reading_results_writes_nothing_and_takes_few_queries(
    dataset, version, django_assert_max_num_queries
):
    results.topics(dataset, version)
    with django_assert_max_num_queries(1):
        results.topics(dataset, version)
    for limit in (1, 30):
        with django_assert_max_num_queries(2):
            results.select(dataset, version).rows(0, limit)


def test_labels_are_shown_beside_comments(dataset, version):
    label = version.model.labels.first()
    labelling.put_labels(version.model, [(label.comment_id, None)])
    (row,) = results.select(dataset, version, Query(ids=[label.comment_id])).rows()
    assert row.label is None
    other = version.model.labels.exclude(pk=label.pk).first()
    (row,) = results.select(dataset, version, Query(ids=[other.comment_id])).rows()
    assert row.label == other.value


@pytest.mark.slow
def test_the_full_size(db, ada):
    from audits import loading
    from audits.jobs import start_base_fit

    admin = factories.admin()
    times = {}

    def timed(name, call):
        started = time.perf_counter()
        outcome = call()
        times[name] = f"{1000 * (time.perf_counter() - started):.1f} ms"
        return outcome

    source = loading.generated(factories.made("full"))
    full = timed("store", lambda: loading.store(source, actor=admin, title="Full"))
    job = timed("base fit job", lambda: start_base_fit(full, admin, seed=7, is_run_now=True))
    assert job.report["metrics"]["gain"] >= 0.08
    model = factories.personal(full, ada)
    batch = timed("first batch", lambda: labelling.next_batch(model))
    factories.answer(model, batch)
    timed("first fit", lambda: fitting.fit(model))
    timed("fit", lambda: fitting.fit(model))
    version = fitting.require_version(model)
    timed("predictions", lambda: predictions(version))
    timed("topics", lambda: results.topics(full, version))
    timed("page of comments", lambda: results.select(full, version).rows(0, 100))
    timed("search", lambda: results.select(full, version, Query(q="pancakes")).rows(0, 100))
    print(times)
