import pytest
from django.db import transaction

from audits import base_fits, datasets, jobs
from audits.maths import artefact
from audits.models import BaseModel, BaseState, Dataset
from jobs import runner
from jobs.models import Job, State
from tests.factories import House
from users.errors import Refused

from . import factories


def test_a_base_model_is_kept_with_everything_that_says_how_it_came_about(db):
    dataset = factories.dataset(is_fitted=False)
    job = jobs.start_base_fit(dataset, factories.admin(), seed=7)
    base = datasets.current_base(dataset)
    assert job.report == {
        "base_model": base.pk,
        "algorithm": "baseline",
        "seed": 7,
        "sha256": base.sha256,
        "ratings": 2000,
        "seconds": base.seconds,
        "metrics": base.metrics,
        "uses_topic_factors": base.uses_topic_factors,
    }
    assert (job.state, job.done, job.total) == (State.SUCCEEDED, 2, 2)
    assert base.parameters == {"n_epochs": 20, "reg_rater": 4.0, "reg_comment": 2.0}
    assert base.metrics.keys() == {
        "raters",
        "ratings",
        "mae",
        "rmse",
        "mae_with_factors",
        "item_mean_mae",
        "item_mean_rmse",
        "gate",
        "gain",
    }
    assert base.uses_topic_factors == base.metrics["gate"]["passes"] == (base.metrics["gate"]["z"] > 2)
    arrays = artefact.unpack(base.artefact, base.sha256)
    assert ("factors" in arrays) == base.uses_topic_factors
    assert arrays["comments"].tolist() == list(dataset.comments.order_by("pk").values_list("pk", flat=True))


def test_the_same_seed_gives_the_same_hash(dataset):
    first = datasets.current_base(dataset)
    jobs.start_base_fit(dataset, factories.admin(), seed=factories.SEED)
    second = datasets.current_base(dataset)
    assert first.pk != second.pk
    assert first.sha256 == second.sha256


def test_more_than_a_small_data_set_is_left_to_a_worker_who_needs_two_steps(dataset, monkeypatch):
    monkeypatch.setattr(jobs, "SMALL_RATINGS", 100)
    job = jobs.start_base_fit(dataset, factories.admin())
    assert job.state == State.QUEUED
    with pytest.raises(Refused, match="being fitted") as refused:
        jobs.start_base_fit(dataset, factories.admin())
    assert refused.value.code == "fit_running"
    assert runner.run_now(job).state == State.SUCCEEDED
    assert BaseModel.objects.filter(dataset=dataset, state=BaseState.FITTED).count() == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"algorithm": "magic"}, "invalid_algorithm"), ({"seed": -1}, "invalid_seed"), ({}, "no_ratings")],
)
def test_fits_that_cannot_be(dataset, asked, code):
    if not asked:
        dataset.raters.all().delete()
    before = Job.objects.count()
    with pytest.raises(Refused) as refused:
        jobs.start_base_fit(dataset, factories.admin(), **asked)
    assert refused.value.code == code
    assert Job.objects.count() == before


def test_only_a_lead_fits(house: House):
    dataset = factories.dataset(project=house.project)
    with pytest.raises(Refused) as refused:
        jobs.start_base_fit(dataset, house.annotator)
    assert refused.value.status == 403


def test_a_fit_that_fails_leaves_the_model_before_and_may_be_tried_again(dataset, monkeypatch):
    before = datasets.current_base(dataset)

    def break_down(*arguments):
        raise RuntimeError("no")

    with monkeypatch.context() as broken:
        broken.setattr(base_fits, "finish", break_down)
        job = jobs.start_base_fit(dataset, factories.admin())
    assert job.state == State.FAILED
    assert BaseModel.objects.first().state == BaseState.FAILED
    assert datasets.current_base(dataset) == before
    assert jobs.start_base_fit(dataset, factories.admin()).state == State.SUCCEEDED


def test_a_cancelled_fit_is_given_up(dataset, monkeypatch):
    monkeypatch.setattr(jobs, "SMALL_RATINGS", 100)
    with transaction.atomic():
        job = jobs.start_base_fit(dataset, factories.admin())
    assert runner.cancel(job)
    assert BaseModel.objects.first().state == BaseState.FAILED


def test_a_fit_ends_when_its_data_set_is_gone(dataset, monkeypatch):
    monkeypatch.setattr(jobs, "SMALL_RATINGS", 100)
    job = jobs.start_base_fit(dataset, factories.admin())
    Dataset.objects.all().delete()
    assert runner.run_now(job).error["code"] == "not_found"
