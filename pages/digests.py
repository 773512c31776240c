"""The daily e-mail about waiting work: only if there is some, in the morning of the recipient's time zone."""

import logging
import time
from datetime import date, datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from reviews.inbox.inbox import Inbox, inbox_of
from reviews.inbox.kinds import Item, Kind
from tasks.models import Project
from users.models import User
from users.zones import zone_of

log = logging.getLogger(__name__)
# Items of each kind in one e-mail.
ITEMS_PER_KIND = 5
STEP_SECONDS = 15
PEOPLE_AT_ONCE = 1000


def send(*, after: int = 0, now: datetime | None = None) -> int | None:
    """Send all digests that are due, in the order of user ids. After STEP_SECONDS it stops and returns the
    last id, where the next call continues; None when done.
    """
    started, now = time.monotonic(), now or timezone.now()
    if not settings.DIGESTS:
        return None
    connection = get_connection()
    try:
        # Before anybody is marked as served: while the mail server is down, no digest is lost.
        connection.open()
        people = list(recipients().filter(pk__gt=after).order_by("pk")[:PEOPLE_AT_ONCE])
        for user in people:
            send_to(user, now, connection)
            if time.monotonic() - started > STEP_SECONDS:
                return user.pk
    finally:
        connection.close()
    return people[-1].pk if len(people) == PEOPLE_AT_ONCE else None


def recipients() -> QuerySet[User]:
    return User.objects.people().filter(wants_digest=True)


def send_to(user: User, now: datetime, connection: BaseEmailBackend) -> bool:
    """True if an e-mail was sent. Of two calls at the same time, only one sends."""
    local = now.astimezone(zone_of(user.timezone))
    if local.hour < settings.DIGEST_HOUR or user.digest_sent_on and user.digest_sent_on >= local.date():
        return False
    inbox = inbox_of(user)
    if not inbox.items or not mark_sent(user, local.date()):
        return False
    try:
        return bool(build_message(user, inbox, connection).send())
    except (SMTPException, OSError) as error:
        # It may have been sent all the same, and a second one is worse than none.
        log.warning("Digest for user %s not sent: %s", user.pk, error)
        return False


def mark_sent(user: User, day: date) -> bool:
    """False if it is marked already or `user` wants no digest. One UPDATE: only one caller gets True."""
    due = recipients().filter(Q(digest_sent_on=None) | Q(digest_sent_on__lt=day), pk=user.pk)
    return bool(due.update(digest_sent_on=day))


def build_message(user: User, inbox: Inbox, connection: BaseEmailBackend) -> EmailMessage:
    site, number = settings.BASE_URL.rstrip("/"), inbox.total.number
    # The dates in the text are in the recipient's time zone.
    with timezone.override(zone_of(user.timezone)):
        text = render_to_string(
            "digest.txt", {"user": user, "inbox": inbox, "items_by_kind": items_by_kind(inbox), "site": site}
        )
    more = "+" if inbox.total.is_estimate else ""
    subject = f"{number}{more} {'item is' if number == 1 else 'items are'} waiting for you"
    # Auto-Submitted keeps out-of-office replies away (RFC 3834).
    headers = {"Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{site}/accounts/profile/>"}
    return EmailMessage(
        f"[Countersign] {subject}", text, to=[user.email], headers=headers, connection=connection
    )


def items_by_kind(inbox: Inbox) -> dict[str, list[tuple[Item, str]]]:
    """Name and count of each kind that has items → its first items, each with its project's title."""
    titles = dict(
        Project.objects.filter(pk__in={item.project for item in inbox.items}).values_list("pk", "title")
    )
    found: dict[str, list[tuple[Item, str]]] = {}
    for kind in Kind:
        if count := inbox.counts[kind].number:
            of_kind = [item for item in inbox.items if item.kind == kind][:ITEMS_PER_KIND]
            more = "+" if inbox.counts[kind].is_estimate else ""
            found[f"{kind.label}: {count}{more}"] = [(item, titles[item.project]) for item in of_kind]
    return found
