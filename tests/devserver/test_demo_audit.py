"""The demo's audit: every page has something true to show, for people at every step."""

import json

import pytest

from audits import fitting, labelling, reports, results
from audits.maths.formulas import ErrorType
from audits.models import AuditModel, Dataset, Kind, Report, Version
from devserver.demo import load
from devserver.demo.accounts import ACCOUNTS
from users.models import User


@pytest.fixture
def audited(settings, tmp_path, db, monkeypatch) -> Dataset:
    settings.DEMO, settings.DATA_DIR, settings.BASE_URL = True, tmp_path, "http://localhost:8123"
    monkeypatch.setattr(load.campaign, "load", lambda *args, **people: None)
    load.load_demo()
    load.load_audit()
    return Dataset.objects.get()


def models_of(name: str) -> list[AuditModel]:
    return list(AuditModel.objects.filter(owner__email=ACCOUNTS[name].email).order_by("pk"))


def test_everybody_of_the_demo_may_audit_and_the_lead_sets_it_up(audited, tmp_path):
    load.load_audit()  # a second start
    load.write_demo_file()

    assert json.loads((tmp_path / "demo.json").read_text())["audit"] == {
        "dataset_id": audited.pk,
        "page": f"http://localhost:8123/audits/datasets/{audited.pk}/",
    }
    for account in ACCOUNTS.values():
        assert Dataset.objects.visible_to(User.objects.get(email=account.email)).get() == audited
    lead = User.objects.get(email=ACCOUNTS["lead"].email)
    assert Dataset.objects.managed_by(lead).get() == audited


def test_people_are_at_every_step(audited):
    (begun,) = models_of("reviewer")
    finished, tuned = models_of("reviewer2")
    (group,) = models_of("lead")
    progress = labelling.progress(begun)

    assert progress.needed > 0 and progress.unlabelled == 12
    assert fitting.newest(begun) is None
    assert [version.number for version in fitting.versions(finished)] == [2, 1]
    assert (tuned.kind, group.kind) == (Kind.TOPIC, Kind.GROUP)
    assert all(fitting.newest(model) for model in (tuned, group))
    assert models_of("annotator") == []  # begins at the beginning
    assert {version.base_id for version in Version.objects.all()} == {audited.base_models.get().pk}


def test_a_report_with_evidence_wants_nothing_but_to_be_completed(audited):
    report = Report.objects.get(scaffold="empty")

    assert (report.state, reports.missing(report)) == ("draft", [])
    assert {one.version.number for one in report.evidence.all()} == {2}
    assert all(one.predicted < audited.threshold <= one.system for one in report.evidence.all())
    assert Report.objects.filter(scaffold="prompts").count() == 5


def test_the_model_and_the_filter_disagree_both_ways(audited):
    # Which comments were labelled follows from the model's id, so these are no exact numbers.
    version = fitting.newest(models_of("reviewer2")[0])
    rows = results.topics(audited, version)

    assert fitting.grade(version.fit_error, audited) == "good"
    assert any(row.fp > 0.1 for row in rows) and any(row.fn for row in rows)
    assert len(results.select(audited, version, results.Query(error_type=ErrorType.UNDER)))
