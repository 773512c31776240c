"""How an endpoint fares: what an answer says of it, when it is left alone, when it is switched off. By the database's clock."""

import logging
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models.functions import Now

from tasks.models import Membership
from users.capabilities import Role
from users.models import User

from .models import Delivery, Webhook
from .transport import GONE, Answer

log = logging.getLogger(__name__)
DAY = 24 * 3600
# Without one success for so long, an endpoint is switched off.
PATIENCE_SECONDS = 5 * DAY
# Attempts without any answer until it is left alone, and for how long then: doubled each time, up to LONGEST_REST.
SILENT_BEFORE_REST = 2
FIRST_REST, LONGEST_REST = 5, 300
WHY = {"gone": "it answered 410 Gone", "failing": "nothing sent to it in five days succeeded"}

SUCCEEDED = """
    UPDATE webhooks_webhook SET consecutive_failures = 0, last_success_at = clock_timestamp(), failing_since = NULL,
        silent_in_a_row = 0, rest_until = NULL, is_slow = false
    WHERE id = %(webhook)s
"""
# Those that were sent together fail together: they are one silence more, not eight.
FAILED = """
    UPDATE webhooks_webhook SET consecutive_failures = consecutive_failures + 1, last_failure_at = clock_timestamp(),
        failing_since = coalesce(failing_since, clock_timestamp()), is_slow = %(slow)s,
        silent_in_a_row = CASE WHEN NOT %(silent)s THEN 0 WHEN rest_until > clock_timestamp() THEN silent_in_a_row
            ELSE silent_in_a_row + 1 END,
        rest_until = CASE WHEN NOT %(silent)s THEN NULL WHEN rest_until > clock_timestamp() THEN rest_until
            WHEN silent_in_a_row + 1 >= %(patience)s THEN clock_timestamp() + make_interval(
                secs => least(%(longest)s, %(first)s * power(2, least(silent_in_a_row + 1 - %(patience)s, 16))) * %(scale)s)
            END
    WHERE id = %(webhook)s
"""


def note(webhook: Webhook, answer: Answer) -> bool:
    """First in the transaction that records the attempt: until it ends, nobody deletes the endpoint. False if it is gone."""
    with connection.cursor() as cursor:
        if answer.is_success:
            cursor.execute(SUCCEEDED, {"webhook": webhook.pk})
        else:
            cursor.execute(FAILED, _failure(webhook, answer))
        found = cursor.rowcount == 1
    if answer.status == GONE:
        switch_off(webhook, "gone")
    return found


def _failure(webhook: Webhook, answer: Answer) -> dict[str, Any]:
    return {
        "webhook": webhook.pk,
        "slow": answer.error == "timeout",
        "silent": answer.status is None and answer.error != "sender",
        "patience": SILENT_BEFORE_REST,
        "first": FIRST_REST,
        "longest": LONGEST_REST,
        "scale": settings.WEBHOOK_TIME_SCALE,
    }


def give_up_on_failing() -> int:
    """Switch off what has not taken anything for five days. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM webhooks_webhook
               WHERE is_active AND failing_since < clock_timestamp() - make_interval(secs => %s)""",
            [PATIENCE_SECONDS * settings.WEBHOOK_TIME_SCALE],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    for webhook in Webhook.objects.filter(pk__in=ids):
        with transaction.atomic():
            switch_off(webhook, "failing")
    return len(ids)


def switch_off(webhook: Webhook, reason: str) -> None:
    """Its pending deliveries are held, and so is what happens from now on, until somebody switches it on."""
    if not Webhook.objects.filter(pk=webhook.pk, is_active=True).update(
        is_active=False, disabled_reason=reason
    ):
        return
    webhook.deliveries.filter(state=Delivery.State.PENDING, lease=None).update(state=Delivery.State.HELD)
    log.warning("webhook %s (%s) is switched off: %s", webhook.pk, webhook.url, WHY[reason])
    transaction.on_commit(lambda: _write_to_managers(webhook, reason), robust=True)


def _write_to_managers(webhook: Webhook, reason: str) -> None:
    people = sorted(managers_of(webhook))
    if not people:
        return
    where = f"{settings.BASE_URL}/admin/webhooks/webhook/{webhook.pk}/change/"
    send_mail(
        f"Webhook switched off: {webhook.url}",
        f"Countersign no longer sends to {webhook.url}, because {WHY[reason]}.\n\n"
        f"What happens meanwhile is held for it, for 30 days. Switch it on again here: {where}\n",
        None,
        people,
    )


def managers_of(webhook: Webhook) -> list[str]:
    """E-mail addresses of those who can switch it on again."""
    if webhook.project_id is None:
        people = User.objects.people().exclude(site_role="").values_list("email", flat=True)
    else:
        rows = Membership.objects.filter(project=webhook.project_id, role=Role.MANAGER, user__is_active=True)
        people = rows.values_list("user__email", flat=True)
    return list(people)


def switched_on(webhook: Webhook) -> list[str]:
    """Set what a fresh start means, and send what was held. Returns the fields to save."""
    webhook.consecutive_failures, webhook.silent_in_a_row, webhook.disabled_reason = 0, 0, ""
    webhook.failing_since = webhook.rest_until = None
    webhook.is_slow = False
    release_held(webhook)
    return [
        "consecutive_failures",
        "silent_in_a_row",
        "disabled_reason",
        "failing_since",
        "rest_until",
        "is_slow",
    ]


def release_held(webhook: Webhook) -> int:
    """An endpoint that is on again gets what was held for it, with all its attempts ahead."""
    held = Delivery.objects.filter(webhook=webhook, state=Delivery.State.HELD)
    return held.update(state=Delivery.State.PENDING, attempts=0, next_at=Now(), finished_at=None)


def release_stragglers() -> int:
    """What was held by a change that began while its endpoint was off and was committed after it had been switched on."""
    held = Delivery.objects.filter(webhook__is_active=True, state=Delivery.State.HELD)
    return held.update(state=Delivery.State.PENDING, attempts=0, next_at=Now(), finished_at=None)
