"""Submitting a report: once for each revision, with nothing of the person they did not agree to."""

import json

import pytest

from audits import reports, sender, submitting
from audits.models import Report, Revision, Submission, Version
from tests.factories import person
from users.errors import Refused

from . import factories
from .steps import completed, queued, settled

LONG = "n" * 201


@pytest.fixture
def version(dataset, ada) -> Version:
    return factories.fitted(dataset, ada)


@pytest.fixture(autouse=True)
def connected(settings) -> None:
    settings.AVID_API_URL = "https://register.example/api/"
    settings.BASE_URL = "https://countersign.example"


@pytest.fixture(autouse=True)
def woken(monkeypatch) -> list[int]:
    """The submissions that the sender was asked to send."""
    asked: list[int] = []
    monkeypatch.setattr(sender, "wake", asked.append)
    return asked


def test_submitted_report_is_queued_and_the_sender_is_asked(
    version, ada, woken, django_capture_on_commit_callbacks
):
    report = completed(version)

    with django_capture_on_commit_callbacks(execute=True):
        submission = submitting.submit(report, actor=ada)

    report.refresh_from_db()
    revision = Revision.objects.get()
    url = f"https://countersign.example/audits/public/{revision.public_id}/"
    assert (report.state, submission.state, submission.attempts) == ("queued", "queued", 0)
    assert submission.revision == revision
    assert submission.body["references"][0]["url"] == url == submitting.public_url(revision)
    assert woken == [submission.pk]


def test_what_is_shown_before_is_what_is_sent(version, ada):
    report, credit = completed(version), {"name": "Ada Berg", "email": "ada@example.org", "consent": True}

    shown = submitting.preview(report, **credit)

    assert submitting.submit(report, actor=ada, **credit).body == shown
    assert shown["credit"] == [{"lang": "eng", "value": "Ada Berg <ada@example.org>"}]


def test_name_and_email_are_kept_nowhere_without_consent(version, ada):
    submission = queued(version, name="Ada Berg", email="ada@example.org", consent=False)

    stored = json.dumps(list(Submission.objects.values()) + list(Revision.objects.values()), default=str)
    assert "Ada Berg" not in stored and "ada@example.org" not in stored
    assert submission.body["credit"] == []


def test_same_revision_is_submitted_once(version, ada):
    report = completed(version)
    first = submitting.submit(report, actor=ada)

    assert submitting.submit(report, actor=ada, name="Ada", consent=True) == first
    assert Submission.objects.count() == 1


def test_changed_report_is_submitted_again(version, ada):
    report = completed(version)
    first = submitting.submit(report, actor=ada)
    reports.change(report, {"title": "All hats are removed"}, actor=ada)
    reports.complete(report, actor=ada)

    second = submitting.submit(report, actor=ada)

    assert (first.revision.number, second.revision.number) == (1, 2)
    assert second.body["references"] != first.body["references"]


def test_draft_is_not_submitted(version, ada):
    report = reports.create(version.model, actor=ada)

    with pytest.raises(Refused) as refused:
        submitting.submit(report, actor=ada)

    assert (refused.value.code, Submission.objects.count()) == ("not_complete", 0)


def test_nothing_is_submitted_without_a_register(version, ada, settings):
    settings.AVID_API_URL = ""
    report = completed(version)

    with pytest.raises(Refused) as refused:
        submitting.submit(report, actor=ada)

    report.refresh_from_db()
    assert (refused.value.code, refused.value.status) == ("no_register", 400)
    assert (report.state, Submission.objects.count()) == ("complete", 0)


def test_report_of_somebody_else_is_not_there(version, ben):
    with pytest.raises(Refused) as refused:
        submitting.submit(completed(version), actor=ben)
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("credit", "code"),
    [
        ({"name": LONG}, "invalid_name"),
        ({"name": "A\u0007"}, "invalid_name"),
        ({"email": "at home"}, "invalid_email"),
        ({"email": "a@b.example\nBcc: x@y.example"}, "invalid_email"),
    ],
)
def test_wrong_name_or_email_is_refused(version, ada, credit, code):
    with pytest.raises(Refused) as refused:
        submitting.submit(completed(version), actor=ada, consent=True, **credit)
    assert (refused.value.code, Submission.objects.count()) == (code, 0)


# --- what a lead decides ---


@pytest.fixture
def lead(db):
    return factories.admin()


@pytest.mark.parametrize("state", ["failed", "uncertain"])
def test_retry_sends_it_again(version, lead, woken, state, django_capture_on_commit_callbacks):
    submission = settled(version, state)

    with django_capture_on_commit_callbacks(execute=True):
        submitting.retry(submission, actor=lead)

    submission.refresh_from_db()
    assert (submission.state, submission.attempts, submission.last_error) == ("queued", 0, "")
    assert Report.objects.get().state == "queued"
    assert woken == [submission.pk]


REGISTER_ID = "7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90"


def test_one_that_arrived_after_all_gets_its_id(version, lead):
    submission = settled(version, "uncertain")

    submitting.mark_submitted(submission, REGISTER_ID, actor=lead)

    submission.refresh_from_db()
    assert (submission.state, str(submission.register_id)) == ("submitted", REGISTER_ID)
    assert Report.objects.get().state == "submitted"


def test_an_id_belongs_to_one_submission(version, lead):
    submitting.mark_submitted(settled(version, "uncertain"), REGISTER_ID, actor=lead)
    second = settled(version, "uncertain")

    with pytest.raises(Refused) as refused:
        submitting.mark_submitted(second, REGISTER_ID, actor=lead)

    assert refused.value.code == "id_taken"


@pytest.mark.parametrize("state", ["uncertain", "queued"])
def test_one_that_shall_not_be_sent_has_failed(version, lead, state):
    submission = queued(version) if state == "queued" else settled(version, state)

    submitting.mark_failed(submission, actor=lead, reason="It never arrived.")

    submission.refresh_from_db()
    assert (submission.state, submission.last_error) == ("failed", "It never arrived.")
    assert Report.objects.get().state == "failed"


def test_nothing_is_decided_about_what_is_under_way_or_accepted(version, lead):
    submission = settled(version, "uncertain")
    submitting.mark_submitted(submission, REGISTER_ID, actor=lead)

    with pytest.raises(Refused) as refused:
        submitting.retry(submission, actor=lead)

    assert (refused.value.code, Submission.objects.get().state) == ("not_now", "submitted")


def test_only_who_manages_the_data_set_decides(version, ada):
    submission = settled(version, "uncertain")

    for somebody in (ada, person("other")):
        with pytest.raises(Refused) as refused:
            submitting.retry(submission, actor=somebody)
        assert refused.value.status == 404


def test_report_that_is_being_changed_stays_a_draft(version, ada, lead):
    submission = settled(version, "uncertain")
    reports.reopen(submission.revision.report, actor=ada)

    submitting.mark_failed(submission, actor=lead, reason="It never arrived.")

    assert Report.objects.get().state == "draft"
