"""The health of an endpoint: what each answer means for it, when to pause, when to disable it.

Times are the database's.
"""

import logging
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from tasks.models import Membership
from tasks.transport import GONE, Answer
from users.capabilities import Role
from users.models import User

from .models import Delivery, Webhook

log = logging.getLogger(__name__)
# An endpoint without one success for so long is disabled.
FAILING_SECONDS = 5 * 24 * 3600
# After so many attempts in a row that got no answer, nothing is sent for a while: doubled each time, up to
# LONGEST_REST.
UNANSWERED_BEFORE_REST = 2
FIRST_REST, LONGEST_REST = 5, 300
DISABLED_BECAUSE = {"gone": "it answered 410 Gone", "failing": "nothing sent to it in five days succeeded"}

SUCCEEDED = """
    UPDATE webhooks_webhook
    SET consecutive_failures = 0, last_success_at = clock_timestamp(), failing_since = NULL,
        unanswered_in_a_row = 0, rest_until = NULL, is_slow = false
    WHERE id = %(webhook)s
"""
# A batch that was sent together fails together: it counts once, so only an attempt outside of a rest counts.
FAILED = """
    UPDATE webhooks_webhook
    SET consecutive_failures = consecutive_failures + 1, last_failure_at = clock_timestamp(),
        failing_since = coalesce(failing_since, clock_timestamp()), is_slow = %(slow)s,
        unanswered_in_a_row = CASE
            WHEN NOT %(unanswered)s THEN 0
            WHEN rest_until > clock_timestamp() THEN unanswered_in_a_row
            ELSE unanswered_in_a_row + 1 END,
        rest_until = CASE
            WHEN NOT %(unanswered)s THEN NULL
            WHEN rest_until > clock_timestamp() THEN rest_until
            WHEN unanswered_in_a_row + 1 >= %(threshold)s
            THEN clock_timestamp() + make_interval(secs => %(scale)s * least(
                %(longest)s, %(first)s * power(2, least(unanswered_in_a_row + 1 - %(threshold)s, 16))))
            END
    WHERE id = %(webhook)s
"""


def record_answer(webhook: Webhook, answer: Answer) -> bool:
    """The first write of the transaction that records an attempt: from then on nobody deletes the endpoint.

    Returns False if the endpoint is gone already.
    """
    with connection.cursor() as cursor:
        if answer.is_success:
            cursor.execute(SUCCEEDED, {"webhook": webhook.pk})
        else:
            cursor.execute(FAILED, _failure(webhook, answer))
        found = cursor.rowcount == 1
    if answer.status == GONE:
        disable(webhook, "gone")
    return found


def _failure(webhook: Webhook, answer: Answer) -> dict[str, Any]:
    return {
        "webhook": webhook.pk,
        "slow": answer.error == "timeout",
        "unanswered": answer.status is None and answer.error != "sender",
        "threshold": UNANSWERED_BEFORE_REST,
        "first": FIRST_REST,
        "longest": LONGEST_REST,
        "scale": settings.WEBHOOK_TIME_SCALE,
    }


def disable_failing() -> int:
    """Disable endpoints that have accepted nothing for five days. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM webhooks_webhook
               WHERE is_active AND failing_since < clock_timestamp() - make_interval(secs => %s)""",
            [FAILING_SECONDS * settings.WEBHOOK_TIME_SCALE],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    for webhook in Webhook.objects.filter(pk__in=ids):
        with transaction.atomic():
            disable(webhook, "failing")
    return len(ids)


def disable(webhook: Webhook, reason: str) -> None:
    """Its pending deliveries are held, and so are new ones, until somebody enables it."""
    active = Webhook.objects.filter(pk=webhook.pk, is_active=True)
    if not active.update(is_active=False, disabled_reason=reason):
        return
    webhook.deliveries.filter(state=Delivery.State.PENDING, lease=None).update(state=Delivery.State.HELD)
    log.warning("webhook %s (%s) was disabled: %s", webhook.pk, webhook.url, DISABLED_BECAUSE[reason])
    transaction.on_commit(lambda: _mail_managers(webhook, reason), robust=True)


def _mail_managers(webhook: Webhook, reason: str) -> None:
    recipients = sorted(managers_of(webhook))
    if not recipients or settings.SENDING_PAUSED:
        return
    link = f"{settings.BASE_URL}/admin/webhooks/webhook/{webhook.pk}/change/"
    send_mail(
        f"Webhook disabled: {webhook.url}",
        f"Countersign no longer sends to {webhook.url}, because {DISABLED_BECAUSE[reason]}.\n\n"
        f"New events are held for it, for 30 days. Enable it again here: {link}\n",
        None,
        recipients,
    )


def managers_of(webhook: Webhook) -> list[str]:
    """E-mail addresses of those who can enable it again."""
    if webhook.project_id is None:
        return list(User.objects.people().exclude(site_role="").values_list("email", flat=True))
    managers = Membership.objects.filter(project=webhook.project_id, role=Role.MANAGER, user__is_active=True)
    return list(managers.values_list("user__email", flat=True))


def enable(webhook: Webhook) -> list[str]:
    """Reset its failures and send what was held. Returns the fields that the caller has to save."""
    webhook.consecutive_failures, webhook.unanswered_in_a_row, webhook.disabled_reason = 0, 0, ""
    webhook.failing_since = webhook.rest_until = None
    webhook.is_slow = False
    _release(Delivery.objects.filter(webhook=webhook))
    return [
        "consecutive_failures",
        "unanswered_in_a_row",
        "disabled_reason",
        "failing_since",
        "rest_until",
        "is_slow",
    ]


def release_held_of_active() -> int:
    """Those held by a change that began while the endpoint was disabled and committed when it was enabled."""
    return _release(Delivery.objects.filter(webhook__is_active=True))


def _release(deliveries: QuerySet[Delivery]) -> int:
    """Send what is held, with all attempts ahead."""
    held = deliveries.filter(state=Delivery.State.HELD)
    return held.update(state=Delivery.State.PENDING, attempts=0, next_at=Now(), finished_at=None)
