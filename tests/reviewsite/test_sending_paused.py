"""A copy of production reaches nobody, and loses nothing of what waits."""

import pytest
from django.core import mail

from pages.jobs import send_digests
from tests.factories import client_of, person, reviewed
from tests.webhooks.steps import hook_of
from users.jobs import send_password_resets
from users.models import PasswordResetRequest
from users.password_resets import request_reset
from webhooks import sender
from webhooks.jobs import drain
from webhooks.models import Delivery

# Jobs that talk to somebody else. Whoever adds one decides here whether it waits.
SENDING = {
    "audits.jobs.ask_register",
    "audits.jobs.send_report",
    "crowd.jobs.push_reviews",
    "pages.jobs.send_digests",
    "users.jobs.send_password_resets",
    "webhooks.jobs.drain",
}


@pytest.fixture(autouse=True)
def paused(settings):
    settings.SENDING_PAUSED = True


def test_the_jobs_that_send_are_those_that_wait():
    from reviewsite import celery_app

    celery_app.loader.import_default_modules()
    waiting = {name for name, task in celery_app.tasks.items() if hasattr(task.run, "__wrapped__")}

    assert {name for name in waiting if not name.startswith("celery.")} == SENDING


def test_deliveries_wait(house, monkeypatch):
    hook = hook_of(house, "http://127.0.0.1:9/")
    reviewed(house.annotation, house.reviewer)
    monkeypatch.setattr(sender, "drain", lambda webhook: pytest.fail("sent"))

    drain(hook.pk)

    assert set(hook.deliveries.values_list("state", "attempts")) == {(Delivery.State.PENDING, 0)}


def test_a_ping_is_refused(house):
    hook = hook_of(house, "http://127.0.0.1:9/")

    answer = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/ping/")

    assert (answer.status_code, answer.json()["code"]) == (400, "sending_paused")


def test_mails_wait(db):
    person("ann", wants_digest=True)
    request_reset("ann@example.org")

    send_password_resets()
    send_digests()

    assert (mail.outbox, PasswordResetRequest.objects.count()) == ([], 1)
