"""Creating, changing, deleting and rotating endpoints."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from tasks.errors import Refused
from tasks.models import Project
from tasks.roles import may
from users.models import User
from users.sentences import sentence as _

from . import health
from .models import Attempt, Delivery, Webhook, new_salt

ROTATION_HOURS = 24
EARLIER_KEPT = 5  # secrets
MASK = "********"


def create(*, actor: User, project: Project | None, **fields: Any) -> Webhook:
    _require_edit_permission(actor, project)
    unmasked({}, fields.get("headers", {}))
    return Webhook.objects.create(project=project, **fields)


def change(webhook: Webhook, changes: dict[str, Any]) -> Webhook:
    """Never its project. Enabling it resets its failures and sends what was held for it."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True, of=("self",)).get(pk=webhook.pk)
        if "headers" in changes:
            changes = changes | {"headers": unmasked(webhook.headers, changes["headers"])}
        was_active = webhook.is_active
        for name, value in changes.items():
            setattr(webhook, name, value)
        fields = [*changes, "updated_at"]
        if webhook.is_active and not was_active:
            fields += health.enable(webhook)
        if was_active and not webhook.is_active:
            webhook.disabled_reason = ""  # by a person
            fields.append("disabled_reason")
        webhook.save(update_fields=fields)
    return webhook


def unmasked(stored: dict[str, str], sent: dict[str, str]) -> dict[str, str]:
    """Clients send back what they read: a masked value keeps the stored one."""
    if unknown := [name for name, value in sent.items() if value == MASK and name not in stored]:
        raise Refused(
            "masked_header",
            _(
                "The value of %(unknown)s is only the mask of a value. Send the value itself.",
                unknown=unknown[0],
            ),
            field="headers",
        )
    return {name: stored[name] if value == MASK else value for name, value in sent.items()}


def delete(webhook: Webhook) -> None:
    """With its log and its pending deliveries. Waits for transactions that are recording something for it."""
    # First a commit of its own: from then on no event makes a delivery for it.
    Webhook.objects.filter(pk=webhook.pk).update(is_active=False, disabled_reason="")
    with transaction.atomic():
        Webhook.objects.select_for_update().filter(pk=webhook.pk).first()
        for rows in (
            Attempt.objects.filter(delivery__webhook=webhook),
            Delivery.objects.filter(webhook=webhook),
        ):
            rows._raw_delete(rows.db)  # Django would load a long log first
        webhook.delete()


def rotate(webhook: Webhook) -> Webhook:
    """A new secret.

    For ROTATION_HOURS deliveries are signed with the earlier ones as well, also after a second rotation: the
    consumer may never have got the secret of the first.
    """
    with transaction.atomic():
        webhook = (
            Webhook.objects.select_for_update(no_key=True, of=("self",))
            .annotate(rotated=Q(earlier_until__gt=Now()))
            .get(pk=webhook.pk)
        )
        earlier = webhook.earlier_salt.split() if webhook.rotated else []
        webhook.earlier_salt = " ".join([webhook.secret_salt, *earlier][:EARLIER_KEPT])
        webhook.secret_salt = new_salt()
        webhook.earlier_until = Now() + timedelta(hours=ROTATION_HOURS)
        webhook.save(update_fields=["earlier_salt", "secret_salt", "earlier_until", "updated_at"])
        webhook.refresh_from_db()
    return webhook


def _require_edit_permission(actor: User, project: Project | None) -> None:
    if project is None and not actor.runs_site:
        raise Refused(
            "site_wide_needs_admin",
            _("An endpoint without a project gets the events of the whole site: administrators only."),
            status=403,
        )
    if project is not None and not may(actor, "manage_webhooks", project):
        raise Refused(
            "permission_denied", _("Only managers of the project may set up its webhooks."), status=403
        )
