"""Headers are encrypted in the database."""

from django.db import connection

from webhooks.models import Webhook

from .steps import hook_of


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
