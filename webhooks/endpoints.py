"""Everything that writes an endpoint, short of sending to it."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from tasks.errors import Refused
from tasks.models import Project
from tasks.roles import may

from . import health
from .models import Attempt, Delivery, Webhook, new_salt

ROTATION_HOURS = 24
EARLIER_KEPT = 5  # secrets


def create(*, actor, project: Project | None, **fields: Any) -> Webhook:
    _refuse_stranger(actor, project)
    return Webhook.objects.create(project=project, **fields)


def change(webhook: Webhook, changes: dict[str, Any]) -> Webhook:
    """Never its project. Switching it on resets its failures and sends what was held for it."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True, of=("self",)).get(pk=webhook.pk)
        was_active = webhook.is_active
        for name, value in changes.items():
            setattr(webhook, name, value)
        more = health.switched_on(webhook) if webhook.is_active and not was_active else []
        if not webhook.is_active:
            webhook.disabled_reason, more = (
                ("" if was_active else webhook.disabled_reason),
                ["disabled_reason"],
            )
        webhook.save(update_fields=[*changes, *more, "updated_at"])
    return webhook


def delete(webhook: Webhook) -> None:
    """With its log, and what was still to be sent. Waits for decisions and answers that are being written down for it."""
    Webhook.objects.filter(pk=webhook.pk).update(
        is_active=False, disabled_reason=""
    )  # from now on nothing is written for it
    with transaction.atomic():
        Webhook.objects.select_for_update().filter(pk=webhook.pk).first()
        for rows in (
            Attempt.objects.filter(delivery__webhook=webhook),
            Delivery.objects.filter(webhook=webhook),
        ):
            rows._raw_delete(rows.db)  # a long log is not read first
        webhook.delete()


def rotate(webhook: Webhook) -> Webhook:
    """A new secret. The earlier ones sign, too, for ROTATION_HOURS, so that a consumer may change over when it likes, also
    after a second rotation: the secret of the first may be lost.
    """
    with transaction.atomic():
        webhook = (
            Webhook.objects.select_for_update(no_key=True, of=("self",))
            .annotate(sign=Q(earlier_until__gt=Now()))
            .get(pk=webhook.pk)
        )
        earlier = webhook.earlier_salt.split() if webhook.sign else []
        webhook.earlier_salt = " ".join([webhook.secret_salt, *earlier][:EARLIER_KEPT])
        webhook.secret_salt = new_salt()
        webhook.earlier_until = Now() + timedelta(hours=ROTATION_HOURS)
        webhook.save(update_fields=["earlier_salt", "secret_salt", "earlier_until", "updated_at"])
        webhook.refresh_from_db()
    return webhook


def _refuse_stranger(actor, project: Project | None) -> None:
    if project is None and not actor.runs_site:
        raise Refused(
            "site_wide_needs_admin",
            "An endpoint without a project hears of the whole site: administrators only.",
            status=403,
        )
    if project is not None and not may(actor, "manage_webhooks", project):
        raise Refused("permission_denied", "Only managers of the project set up its webhooks.", status=403)
