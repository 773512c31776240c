"""After a change of SECRET_KEY: encrypt what an older key encrypted with the new one."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from webhooks.fields import Unreadable
from webhooks.models import Webhook


class Command(BaseCommand):
    help = "Encrypt the headers of webhooks with SECRET_KEY; SECRET_KEY_FALLBACKS names the key before."

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        resealed, unreadable = 0, 0
        # No endpoint changes meanwhile: headers that somebody enters now must not be overwritten.
        for webhook in Webhook.objects.select_for_update().order_by("pk"):
            if isinstance(webhook.headers, Unreadable):
                unreadable += 1
                self.stderr.write(f"Endpoint {webhook.pk} ({webhook.url}): no key here can read its headers.")
            else:
                webhook.save(update_fields=["headers"])
                resealed += 1
        endpoints = "endpoint" if resealed == 1 else "endpoints"
        self.stdout.write(f"{resealed} {endpoints} encrypted anew, {unreadable} cannot be read")
