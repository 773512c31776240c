from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from django.apps import apps

from audits import datasets, deletion, exporting, jobs, loading
from audits.models import BaseModel, Dataset, Evidence, Report, Revision, Submission
from jobs import runner
from jobs.models import Job, State
from jobs.running import RunningJob
from tests.factories import House
from users.errors import Refused

from . import factories
from .test_importing import GOOD


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What is done after a commit, is done at its end."""
    return partial(django_capture_on_commit_callbacks, execute=True)


def start(house: House, who: str = "lead", **changes) -> Job:
    texts = GOOD | {name: changes.pop(name) for name in list(changes) if name in GOOD}
    files = {name: (BytesIO(text.encode()), f"May {name}.csv") for name, text in texts.items()}
    given = {"title": "Hats", "project": house.project} | changes
    return jobs.start_import(files, getattr(house, who), **given)


def uploads(settings) -> list[Path]:
    return list((settings.MEDIA_ROOT / "audit_uploads").rglob("*"))


def test_small_files_are_imported_and_fitted_at_once(house, settings, committed):
    with committed():
        job = start(house)
    dataset = Dataset.objects.get()
    assert (job.state, job.project_id, job.sentence) == (State.SUCCEEDED, house.project.pk, "Ratings")
    assert job.report == {
        "dataset": dataset.pk,
        "base_fit": Job.objects.get(kind=jobs.BASE_FIT).pk,
        "topics": 2,
        "comments": 2,
        "raters": 1,
        "ratings": 2,
    }
    assert (dataset.project, dataset.title, dataset.created_by) == (house.project, "Hats", house.lead)
    assert datasets.current_base(dataset)
    assert uploads(settings) == []


def test_bad_rows_fail_the_job_which_names_them_and_nothing_is_stored(house, settings, committed):
    with committed():
        job = start(house, ratings=GOOD["ratings"] + "r1,c9,1\nr9,c1,1\n")
    assert (job.state, job.error["code"]) == (State.FAILED, "invalid_rows")
    assert job.report == {
        "bad_rows": 2,
        "errors": [
            {"file": "May ratings.csv", "line": 4, "reason": "there is no comment c9"},
            {"file": "May ratings.csv", "line": 5, "reason": "there is no rater r9"},
        ],
    }
    assert not Dataset.objects.exists()
    assert uploads(settings) == []


@pytest.mark.parametrize(
    ("who", "changes", "code"),
    [
        ("reviewer", {}, "permission_denied"),
        ("lead", {"project": None}, "permission_denied"),
        ("lead", {"preset": "guess"}, "invalid_preset"),
    ],
)
def test_what_is_refused_makes_no_job(house, who, changes, code):
    with pytest.raises(Refused) as refused:
        start(house, who, **changes)
    assert refused.value.code == code
    assert not Job.objects.exists()


def test_who_is_no_manager_any_more_when_it_begins_imports_nothing(house, monkeypatch):
    monkeypatch.setattr(jobs, "IMPORT_BYTES", 0)
    job = start(house)
    house.project.memberships.filter(user=house.lead).update(role="AN")
    assert runner.run_now(job).error["code"] == "permission_denied"


def test_a_cancelled_import_leaves_nothing(house, settings, monkeypatch, committed):
    monkeypatch.setattr(jobs, "IMPORT_BYTES", 0)
    monkeypatch.setattr(RunningJob, "check_cancelled", lambda running: runner.cancel(running.job))
    job = start(house)
    assert (job.state, len(uploads(settings))) == (State.QUEUED, 4)
    with committed():
        job = runner.run_now(job)
    assert (job.state, job.error["detail"]) == (
        State.CANCELLED,
        "Import of a data set cancelled. Nothing was imported.",
    )
    assert not Dataset.objects.exists()
    assert uploads(settings) == []


def test_files_that_are_lost_are_asked_for_again(house, monkeypatch, settings):
    monkeypatch.setattr(jobs, "IMPORT_BYTES", 0)
    job = start(house)
    for path in uploads(settings)[1:]:
        path.unlink()
    assert runner.run_now(job).error["code"] == "file_lost"


def filled(dataset: Dataset, owner) -> Dataset:
    version = factories.fitted(dataset, owner)
    report = Report.objects.create(model=version.model)
    comment = {"external_id": "c1", "text": "…", "topic": "hats", "system": 1, "predicted": 2}
    Evidence.objects.create(report=report, version=version, comment=dataset.comments.first(), **comment)
    Submission.objects.create(revision=Revision.objects.create(report=report, number=1, body={}), body={})
    return dataset


def rows() -> dict[str, int]:
    models = apps.get_app_config("audits").get_models()
    return {model.__name__: model._base_manager.count() for model in models}


def test_deleting_a_data_set_takes_everything_of_it_and_nothing_else(
    dataset, ada, django_assert_max_num_queries
):
    other = filled(dataset, ada)
    before = rows()
    assert 0 not in before.values()
    doomed = filled(factories.dataset(), ada)
    assert deletion.counts(doomed) == {"models": 1, "reports": 1, "submissions": 1}

    with django_assert_max_num_queries(40):
        job = jobs.start_deletion(doomed, factories.admin())

    assert (job.state, job.report["ratings"]) == (State.SUCCEEDED, 2000)
    assert rows() == before
    assert Dataset.objects.get() == other


def test_a_large_data_set_is_deleted_by_a_worker(dataset, monkeypatch):
    monkeypatch.setattr(jobs, "DELETED_RATINGS", 100)
    job = jobs.start_deletion(dataset, factories.admin())
    assert (job.state, Dataset.objects.count()) == (State.QUEUED, 1)
    assert runner.run_now(job).state == State.SUCCEEDED
    again = runner.create(jobs.DELETE, created_by=factories.admin(), subject_id=dataset.pk)
    assert runner.run_now(again).error["code"] == "not_found"


def test_only_managers_delete(house, dataset):
    with pytest.raises(Refused):
        jobs.start_deletion(dataset, house.lead)
    assert not Job.objects.filter(kind=jobs.DELETE).exists()


def test_a_fit_whose_data_set_is_deleted_ends(dataset, monkeypatch):
    monkeypatch.setattr(jobs, "SMALL_RATINGS", 100)
    job = jobs.start_base_fit(dataset, factories.admin())
    jobs.start_deletion(dataset, factories.admin())
    assert runner.run_now(job).error["code"] == "not_found"
    assert not BaseModel.objects.exists()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_full_data_set_is_imported_and_deleted_in_seconds(db, tmp_path):
    exporting.write(loading.generated(factories.made("full")), tmp_path)
    files = {
        name: ((tmp_path / f"{name}.csv").open("rb"), f"{name}.csv")
        for name in ("comments", "ratings", "raters")
    }
    job = jobs.start_import(files, factories.admin(), title="Full", is_fitted=False)
    assert job.state == State.QUEUED
    job = runner.run_now(job)
    assert (job.report["comments"], job.report["ratings"]) == (20_000, 100_000)
    assert (job.finished_at - job.started_at).total_seconds() < 30
    job = jobs.start_deletion(Dataset.objects.get(), factories.admin())
    assert job.report["comments"] == 20_000
    assert (job.finished_at - job.started_at).total_seconds() < 10
