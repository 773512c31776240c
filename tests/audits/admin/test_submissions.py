"""The admin of submissions: what a lead sees, and decides about one that failed or may have arrived."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from audits import sender
from audits.models import Submission

from .. import factories
from ..steps import queued, settled

LIST = reverse("admin:audits_submission_changelist")
REGISTER_ID = "7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90"


@pytest.fixture(autouse=True)
def connected(settings, monkeypatch) -> None:
    settings.AVID_API_URL = "https://register.example/"
    monkeypatch.setattr(sender, "wake", lambda pk: None)


@pytest.fixture
def model(house):
    """Of the annotator, on a data set of the lead's project."""
    return factories.personal(factories.dataset(project=house.project, is_fitted=False), house.annotator)


def address(submission: Submission) -> str:
    return reverse("admin:audits_submission_change", args=[submission.pk])


def now(submission: Submission) -> tuple[str, str | None, str]:
    row = Submission.objects.get(pk=submission.pk)
    return row.state, row.register_id and str(row.register_id), row.last_error


@pytest.mark.parametrize(
    ("state", "sent", "then"),
    [
        ("failed", {"decision": "retry"}, ("queued", None, "")),
        ("uncertain", {"decision": "retry"}, ("queued", None, "")),
        ("uncertain", {"decision": "arrived", "id_in_register": REGISTER_ID}, ("submitted", REGISTER_ID, "")),
        ("uncertain", {"decision": "failed", "reason": "Not there."}, ("failed", None, "Not there.")),
    ],
)
def test_a_lead_decides(model, lead_client, state, sent, then):
    submission = settled(model, state)

    answer = lead_client.post(address(submission), sent)

    assert answer.status_code == 302
    assert now(submission) == then
    assert sent.get("reason", "") in LogEntry.objects.get().change_message


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "This field is required."),
        ({"decision": "arrived"}, "Needed for this decision."),
        ({"decision": "arrived", "id_in_register": "7"}, "Enter a valid UUID."),
        ({"decision": "failed", "reason": " "}, "Needed for this decision."),
        ({"decision": "burn"}, "Select a valid choice."),
    ],
)
def test_a_decision_that_lacks_something_changes_nothing(model, lead_client, sent, sentence):
    submission = settled(model, "uncertain")
    before = now(submission)

    answer = lead_client.post(address(submission), sent)

    assert sentence in answer.content.decode()
    assert now(submission) == before


def test_an_id_that_is_taken_is_said_so(model, lead_client):
    settled(model, "submitted", register_id=REGISTER_ID)
    submission = settled(model, "uncertain")

    answer = lead_client.post(address(submission), {"decision": "arrived", "id_in_register": REGISTER_ID})

    assert "Another submission has this id." in answer.content.decode()
    assert now(submission)[0] == "uncertain"


def test_what_waits_may_only_be_called_off(model, lead_client):
    submission = queued(model)

    page = lead_client.get(address(submission)).content.decode()
    refused = lead_client.post(address(submission), {"decision": "retry"})

    assert 'value="failed"' in page and 'value="retry"' not in page
    assert refused.status_code == 200 and now(submission)[0] == "queued"


def test_nothing_is_decided_about_what_was_accepted(model, lead_client):
    submission = settled(model, "submitted", register_id=REGISTER_ID)

    assert 'name="decision"' not in lead_client.get(address(submission)).content.decode()
    assert lead_client.post(address(submission), {"decision": "retry"}).status_code == 403
    assert now(submission)[0] == "submitted"


def test_only_those_of_data_sets_one_manages(model, lead_client, admin_client, house):
    site_wide = settled(factories.personal(factories.dataset(is_fitted=False), house.annotator), "uncertain")
    own = settled(model, "uncertain")

    assert [row.pk for row in lead_client.get(LIST).context["cl"].result_list] == [own.pk]
    assert lead_client.get(address(site_wide)).status_code == 404
    assert lead_client.post(address(site_wide), {"decision": "retry"}).status_code == 404
    assert {row.pk for row in admin_client.get(LIST).context["cl"].result_list} == {own.pk, site_wide.pk}


def test_list_asks_the_same_of_one_as_of_three(model, lead_client, django_assert_max_num_queries):
    settled(model, "failed")
    lead_client.get(LIST)
    for _ in range(2):
        settled(model, "failed")

    with django_assert_max_num_queries(7):
        assert len(lead_client.get(LIST).context["cl"].result_list) == 3
