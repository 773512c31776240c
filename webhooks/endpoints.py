"""Everything that writes an endpoint, short of sending to it."""

from typing import Any

from django.db import transaction

from tasks.errors import Refused
from tasks.models import Project
from tasks.roles import may

from . import outbox
from .models import Webhook


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
        more = _switch_on(webhook) if webhook.is_active and not was_active else []
        webhook.save(update_fields=[*changes, *more, "updated_at"])
    return webhook


def _switch_on(webhook: Webhook) -> list[str]:
    webhook.consecutive_failures, webhook.disabled_reason = 0, ""
    outbox.release_held(webhook)
    return ["consecutive_failures", "disabled_reason"]


def _refuse_stranger(actor, project: Project | None) -> None:
    if project is None and not actor.runs_site:
        raise Refused(
            "site_wide_needs_admin", "An endpoint without a project hears of the whole site: administrators only.", status=403
        )
    if project is not None and not may(actor, "manage_webhooks", project):
        raise Refused("permission_denied", "Only managers of the project set up its webhooks.", status=403)
