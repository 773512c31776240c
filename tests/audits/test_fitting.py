import numpy as np
import pytest

from audits import audit_models, base_fits, fitting, labelling
from audits.corpus import corpus_of, predictions
from audits.maths import artefact
from audits.models import AuditModel, Dataset, Kind, Version
from users.errors import Refused

from . import factories


def by_hand(version: Version) -> np.ndarray:
    """The prediction for each comment in the order of ids, from the rows of the database alone."""
    base = artefact.unpack(version.base.artefact, version.base.sha256)
    assert not version.base.uses_topic_factors
    rows = version.model.labels.exclude(value=None).values_list("comment_id", "value")
    b = dict(zip(base["comments"].tolist(), base["bias"].tolist(), strict=True))
    x = np.array([[1, b[comment]] for comment, _ in rows])
    y = np.array([value - base["mean"] - b[comment] for comment, value in rows])
    w = np.linalg.solve(x.T @ x + np.diag([2, 6]), x.T @ y)
    return np.clip([base["mean"] + b[pk] + w[0] + b[pk] * w[1] for pk in sorted(b)], 0, 4)


@pytest.fixture
def plain(dataset) -> Dataset:
    """The formulas without topic factors."""
    base = base_fits.begin(dataset, actor=factories.admin(), algorithm="baseline", seed=1)
    base_fits.finish(base.pk, None)
    return dataset


def test_a_version_is_the_ridge_regression_of_its_labels(plain, ada):
    version = factories.fitted(plain, ada)
    predicted, corpus = by_hand(version), corpus_of(plain)
    assert np.abs(predictions(version) - predicted).max() < 1e-9
    apart = (predicted - corpus.system)[corpus.is_evaluated]
    assert (version.labels, version.unsure, version.evaluated) == (20, 0, len(apart))
    assert version.mae == pytest.approx(np.abs(apart).mean())
    assert version.rmse == pytest.approx(np.sqrt((apart**2).mean()))
    assert version.avg_diff == pytest.approx(apart.mean())
    assert version.avg_diff > 0  # they find every comment more toxic than the system does
    assert version.fit_error != pytest.approx(version.mae)


def test_a_correction_counts_at_the_next_fit(plain, ada):
    first = factories.fitted(plain, ada, strictness=1)
    label = first.model.labels.filter(value=1).first()
    labelling.put_labels(first.model, [(label.comment_id, 4)])
    second = fitting.fit(first.model)
    assert (second.number, second.labels) == (2, 20)
    assert np.abs(predictions(second) - by_hand(second)).max() < 1e-9
    assert predictions(second).mean() > predictions(first).mean()
    assert list(fitting.versions(first.model)) == [second, first]


def test_unsure_is_kept_and_never_learned_from(plain, ada):
    model = factories.labelled(plain, ada)
    before = predictions(fitting.fit(model))
    more = labelling.next_batch(model, 5)
    labelling.put_labels(model, [(one.pk, None) for one in more])
    version = fitting.fit(model)
    assert (version.labels, version.unsure) == (20, 5)
    assert predictions(version).tolist() == before.tolist()
    learned = artefact.unpack(version.artefact, version.sha256)["comments"]
    assert not {one.pk for one in more} & set(learned.tolist())


def test_nine_labels_are_too_few_however_many_are_unsure(dataset, ada):
    model = factories.personal(dataset, ada)
    batch = labelling.next_batch(model)
    labelling.put_labels(model, [(one.pk, 2 if place < 9 else None) for place, one in enumerate(batch)])
    with pytest.raises(Refused, match="needs 10 labels and has 9.*Label 1 more") as refused:
        fitting.fit(model)
    assert (refused.value.code, refused.value.status) == ("too_few_labels", 400)
    assert not Version.objects.exists()
    labelling.put_labels(model, [(batch[-1].pk, 2)])
    assert fitting.fit(model).labels == 10


def test_without_a_base_model_nothing_can_be_fitted(db, ada):
    model = factories.labelled(factories.dataset(is_fitted=False), ada)
    with pytest.raises(Refused) as refused:
        fitting.fit(model)
    assert refused.value.code == "no_base_model"


def test_a_topic_model_learns_from_its_parents_labels_and_its_own(dataset, ada):
    parent = factories.labelled(dataset, ada, strictness=0)
    general = fitting.fit(parent)
    bicycles = dataset.topics.get(label="bicycles")
    tuned = audit_models.create(
        dataset, actor=ada, name="Bicycles", kind=Kind.TOPIC, parent=parent, topic=bicycles
    )
    factories.answer(tuned, labelling.next_batch(tuned), strictness=3)
    version = fitting.fit(tuned)
    assert version.labels == 40
    change = predictions(version) - predictions(general)
    inside = corpus_of(dataset).topic_id == bicycles.pk
    assert change[inside].mean() > 1
    assert abs(change[~inside].mean()) < change[inside].mean() / 2


def test_a_correction_in_a_topic_model_replaces_its_parents_label(dataset, ada):
    parent = factories.labelled(dataset, ada)
    bicycles = dataset.topics.get(label="bicycles")
    factories.answer(parent, labelling.next_batch(parent, 5, topic=bicycles))
    tuned = audit_models.create(
        dataset, actor=ada, name="Bicycles", kind=Kind.TOPIC, parent=parent, topic=bicycles
    )
    again = parent.labels.filter(comment__topic=bicycles, value__lt=4).first()
    labelling.put_labels(tuned, [(again.comment_id, 4)])
    version = fitting.fit(tuned)
    learned = artefact.unpack(version.artefact, version.sha256)
    values = dict(zip(learned["comments"].tolist(), learned["values"].tolist(), strict=True))
    assert values[again.comment_id] == 4
    assert version.labels == 25


def group_of_women(dataset: Dataset, owner) -> AuditModel:
    return audit_models.create(
        dataset, actor=owner, name="Women", kind=Kind.GROUP, filters={"gender": "female"}
    )


def test_a_group_model_learns_from_the_median_of_each_comment(dataset, ada):
    version = fitting.fit(group_of_women(dataset, ada))
    learned = artefact.unpack(version.artefact, version.sha256)
    for comment_id, value in list(zip(learned["comments"], learned["values"], strict=True))[:20]:
        rows = dataset.comments.get(pk=comment_id).ratings.filter(rater__gender="female")
        assert value == np.median(rows.values_list("value", flat=True))
    assert version.labels == dataset.comments.filter(ratings__rater__gender="female").distinct().count()


def test_a_group_that_became_too_small_is_not_fitted(dataset, ada):
    model = group_of_women(dataset, ada)
    keep = dataset.raters.filter(gender="female").values_list("pk", flat=True)[:4]
    dataset.raters.filter(gender="female").exclude(pk__in=list(keep)).update(gender="male")
    with pytest.raises(Refused) as refused:
        fitting.fit(model)
    assert refused.value.code == "group_too_small"


@pytest.mark.parametrize(
    ("fit_error", "grade"),
    [(0.99, "good"), (1.0, "okay"), (1.19, "okay"), (1.2, "label_more"), (2.0, "label_more")],
)
def test_the_fit_error_is_graded(fit_error, grade):
    assert fitting.grade(fit_error, Dataset()) == grade


def test_a_version_that_was_tampered_with_is_refused(dataset, ada):
    version = factories.fitted(dataset, ada)
    other, _ = artefact.pack({"weights": np.ones(5)})
    Version.objects.filter(pk=version.pk).update(artefact=other)
    with pytest.raises(Refused) as refused:
        predictions(Version.objects.get(pk=version.pk))
    assert refused.value.code == "artefact_changed"
