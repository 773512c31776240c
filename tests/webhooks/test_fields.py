"""Headers are encrypted in the database."""

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection

from webhooks.jobs import drain
from webhooks.models import Attempt, Webhook

from .steps import decide, hook_of

TEST_KEY = configured.SECRET_KEY


def test_headers_are_encrypted_in_the_database(house, receiver):
    hook = hook_of(house, receiver.url, headers={"X-Key": "hunter2"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT headers FROM webhooks_webhook WHERE id = %s", [hook.pk])
        (stored,) = cursor.fetchone()

    assert "hunter2" not in stored
    assert Webhook.objects.get(pk=hook.pk).headers == {"X-Key": "hunter2"}


def test_headers_outlive_a_change_of_the_key(house, receiver, settings):
    hook = hook_of(house, receiver.url, headers={"X-Key": "hunter2"})
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another key, long enough to be one",
    )

    assert Webhook.objects.get(pk=hook.pk).headers == {"X-Key": "hunter2"}


@pytest.fixture
def sealed(house, receiver, settings) -> Webhook:
    """Whose key is gone."""
    hook = hook_of(house, receiver.url, headers={"Authorization": "Bearer hunter2"})
    settings.SECRET_KEY = "another key, long enough to be one"
    return Webhook.objects.get(pk=hook.pk)


def test_nothing_is_sent_without_the_headers_that_cannot_be_read(house, sealed, receiver):
    """The consumer would refuse it, or take it from anybody."""
    decide(house)
    drain(sealed.pk)

    assert receiver.got == []
    (attempt,) = Attempt.objects.all()
    assert (attempt.error, "SECRET_KEY_FALLBACKS" in attempt.answer) == ("sealed_headers", True)


def test_they_are_kept_until_the_key_is_back(sealed, settings):
    sealed.parallel = 4
    sealed.save()
    settings.SECRET_KEY_FALLBACKS = [TEST_KEY]

    assert Webhook.objects.get(pk=sealed.pk).headers == {"Authorization": "Bearer hunter2"}


def test_a_command_encrypts_them_with_the_new_key(house, receiver, settings, capsys):
    hook = hook_of(house, receiver.url, headers={"X-Key": "hunter2"})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key, long enough to be one", [TEST_KEY]

    call_command("reseal_headers")
    settings.SECRET_KEY_FALLBACKS = []

    assert Webhook.objects.get(pk=hook.pk).headers == {"X-Key": "hunter2"}
    assert capsys.readouterr().out == "1 endpoint encrypted anew, 0 cannot be read\n"
