"""What consumers hear of reports of audits."""

import json

import pytest
from django.db import transaction

from audits import outbox, submitting
from audits.models import Submission, SubmissionState
from tests.audits import factories
from tests.audits.steps import queued
from webhooks.models import Event
from webhooks.reference.openapi import examples
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import hook_of

AUDITS = ["AUDIT_REPORT_SUBMITTED", "AUDIT_REPORT_FAILED"]
REGISTER_ID = "0b54f5e2-9d4e-4f7e-9a55-2f1c9a3de001"


@pytest.fixture(autouse=True)
def connected(settings) -> None:
    settings.AVID_API_URL = "https://register.example/"
    settings.BASE_URL = "https://countersign.example"


def submission_of(project, owner) -> Submission:
    return queued(factories.fitted(factories.dataset(project=project), owner), name="Ana", consent=True)


def settle(submission: Submission, state: SubmissionState, **fields) -> None:
    with transaction.atomic():
        found = outbox.locked(submission.pk)
        assert found
        found.last_status, found.last_error = fields.pop("status", None), fields.pop("error", "")
        outbox.settle(found, state, **fields)


OUTCOMES = [
    (SubmissionState.SUBMITTED, {"register_id": REGISTER_ID}, {"register_id": REGISTER_ID}),
    (SubmissionState.FAILED, {"status": 400, "error": "No."}, {"status": 400, "error": "No."}),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("state", "fields", "told"), OUTCOMES, ids=["submitted", "failed"])
def test_what_became_of_a_report_is_a_signed_event(house, receiver, state, fields, told):
    hook = hook_of(house, receiver.url, actions=AUDITS)
    submission = submission_of(house.project, house.annotator)

    settle(submission, state, **fields)
    drain(hook.pk)

    [got] = receiver.got
    assert got.verified_by(secret_of(hook)) == got.body
    revision, action = submission.revision, f"AUDIT_REPORT_{state.upper()}"
    report = {
        "id": revision.report_id,
        "revision": 1,
        "title": "Friendly hats are removed",
        "error_type": "over",
        "category": "bias",
        "dataset": {"id": revision.report.model.dataset_id, "title": "Made-up comments"},
        "url": submitting.public_url(revision),
    }
    assert got.body == {
        "event": action.lower(),
        "audit_report": report | told,
        "project": {"id": house.project.pk, "title": house.project.title},
        "timestamp": got.body["timestamp"],
        "action": action,
    }
    assert got.body["audit_report"].keys() == examples()[action]["audit_report"].keys()
    assert "Ana" not in json.dumps(got.body)


def test_data_set_without_a_project_has_nobody_to_tell(house, db):
    submission = submission_of(None, house.annotator)

    settle(submission, SubmissionState.FAILED, error="No.")

    assert not Event.objects.filter(action__in=AUDITS).exists()


def test_uncertain_report_is_no_news_yet(house, db):
    settle(submission_of(house.project, house.annotator), SubmissionState.UNCERTAIN)

    assert not Event.objects.filter(action__in=AUDITS).exists()
