import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from audits import datasets
from audits.models import (
    AuditModel,
    BaseModel,
    Dataset,
    Evidence,
    Label,
    Report,
    ReportState,
    Revision,
    Submission,
    Topic,
    Version,
)
from audits.models.dataset import OUTLIERS

from . import factories


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 4.5}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"good_below": 1.3}, "okay_below"),
        ({"okay_below": 1e308}, "okay_below"),
        ({"description": "x" * 10_001}, "description"),
        ({"content_warning": "x" * 10_001}, "content_warning"),
        ({"harm_share": 1.0}, "harm_share"),
        ({"min_labels": 1}, "min_labels"),
        ({"min_group": 1}, "min_group"),
        ({"label_bins": []}, "label_bins"),
        ({"label_bins": [{"from": 0, "to": 2, "n": 3}, {"from": 3, "to": 4, "n": 3}]}, "label_bins"),
        ({"label_bins": [{"from": 2, "to": 0, "n": 3}]}, "label_bins"),
        ({"label_bins": [{"from": 0, "to": 4, "n": 0}]}, "label_bins"),
        ({"label_bins": [{"from": 0, "to": 4, "n": True}]}, "label_bins"),
        ({"label_bins": [{"from": 0, "to": float("inf"), "n": 20}]}, "label_bins"),
        ({"developers": ["A", "A"]}, "developers"),
        ({"scale_max": 5}, "scale_max"),
    ],
)
def test_settings_that_mean_nothing_are_refused(dataset, changes, field):
    with pytest.raises(ValidationError) as refused:
        datasets.update(dataset, changes, actor=factories.admin())
    named = refused.value.message_dict if hasattr(refused.value, "error_dict") else [refused.value.field]
    assert list(named) == [field]
    name = next(iter(changes))
    assert getattr(Dataset.objects.get(pk=dataset.pk), name) == getattr(dataset, name)


def test_small_and_junk_topics_are_not_suggested(dataset):
    counts = {topic.label: topic.comments.count() for topic in dataset.topics.all()}
    suggested = {one.topic.label: one.comments for one in datasets.suggested_topics(dataset)}
    assert suggested == {
        label: count for label, count in counts.items() if count >= 30 and label != "Outliers"
    }
    assert list(suggested.values()) == sorted(suggested.values(), reverse=True)
    for_tuning = datasets.suggested_topics(dataset, is_tuning=True)
    assert {one.topic.label for one in for_tuning} == {name for name, n in suggested.items() if n >= 50}
    Topic.objects.filter(label="bicycles").update(is_junk=True)
    assert "bicycles" not in [one.topic.label for one in datasets.suggested_topics(dataset, min_comments=1)]


def test_examples_are_over_the_whole_scale_and_stable(dataset):
    found = datasets.examples(dataset, 10)
    assert len({one.pk for one in found}) == 10
    assert [one.system for one in found] == sorted(one.system for one in found)
    assert found[0].system < 0.5 and found[-1].system > 2
    assert found == datasets.examples(dataset, 10)
    assert found != datasets.examples(dataset, 10, seed=1)


def test_what_a_group_can_be_chosen_by(dataset):
    found = datasets.demographics(dataset)
    assert found["gender"] == ["female", "male"] or found["gender"] == ["female", "male", "non-binary"]
    assert "white" in found["race"]
    assert list(found) == ["gender", "politics", "religion", "lgbtq", "race"]


def test_a_newcomer_has_a_friendly_name(ada, ben):
    names = [datasets.friendly_name(user) for user in (ada, ben, ada)]
    assert names[0] == names[2]
    assert len(names[0].split()) == 2


def refused_by_the_database(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_the_database_keeps_its_promises(dataset, ada):
    """Each of these would be a row that no service writes."""
    version = factories.fitted(dataset, ada)
    model, base = version.model, version.base
    topic = dataset.topics.get(label="bicycles")
    report = Report.objects.create(model=model)
    revision = Revision.objects.create(report=report, number=1, body={})
    fitting = {"dataset": dataset, "algorithm": "baseline", "created_by": ada}
    label = model.labels.first()
    writes = {
        "threshold": lambda: Dataset.objects.filter(pk=dataset.pk).update(threshold=5),
        "bands": lambda: Dataset.objects.filter(pk=dataset.pk).update(okay_below=0.5),
        "outliers": lambda: dataset.topics.filter(number=OUTLIERS).update(is_junk=False),
        "topic twice": lambda: Topic.objects.create(dataset=dataset, number=topic.number, label="again"),
        "rating": lambda: dataset.raters.first().ratings.filter().update(value=11),
        "comment twice": lambda: dataset.comments.update(external_id="the same"),
        "two fits": lambda: [BaseModel.objects.create(**fitting) for _ in range(2)],
        "fitted without": lambda: BaseModel.objects.create(**fitting, state="fitted"),
        "personal of topic": lambda: AuditModel.objects.filter(pk=model.pk).update(topic=topic),
        "group of all": lambda: AuditModel.objects.create(owner=ada, dataset=dataset, name="g", kind="group"),
        "label twice": lambda: Label.objects.create(model=model, comment=label.comment, value=1),
        "label": lambda: model.labels.update(value=11),
        "served twice": lambda: model.served.update(comment=label.comment),
        "version twice": lambda: Version.objects.create(
            model=model, number=1, base=base, labels=10, fit_error=1, artefact=b"", sha256="x"
        ),
        "half measured": lambda: Version.objects.filter(pk=version.pk).update(mae=None),
        "complete without title": lambda: Report.objects.filter(pk=report.pk).update(
            state=ReportState.COMPLETE
        ),
        "name without consent": lambda: Submission.objects.create(revision=revision, body={}, name="Ada"),
        "submitted without id": lambda: Submission.objects.create(
            revision=revision, body={}, state="submitted", next_attempt_at=None
        ),
        "never due": lambda: Submission.objects.create(revision=revision, body={}, next_attempt_at=None),
    }
    assert [name for name, write in writes.items() if not refused_by_the_database(write)] == []


def test_a_dataset_is_deleted_with_all_that_was_made_of_it(dataset, ada):
    """As `purge` deletes a project."""
    version = factories.fitted(dataset, ada)
    report = Report.objects.create(model=version.model)
    comment = {"external_id": "c1", "text": "…", "topic": "hats", "system": 1, "predicted": 2}
    Evidence.objects.create(report=report, version=version, **comment)
    revision = Revision.objects.create(report=report, number=1, body={})
    Submission.objects.create(revision=revision, body={})
    with pytest.raises(RestrictedError):
        version.base.delete()
    dataset.delete()
    assert not Submission.objects.exists()
    assert not BaseModel.objects.exists()
