"""A mail a day at most: what waits for somebody, only if something does, in the morning of their time zone."""

import logging
import time
from datetime import date, datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from reviews.inbox.kinds import Item, Kind
from reviews.inbox.mine import Inbox, inbox_of
from tasks.models import Project
from users.models import User
from users.zones import zone_of

log = logging.getLogger(__name__)
NAMED = 5  # items written out
STEP_SECONDS = 15


def send(*, after: int = 0, now: datetime | None = None) -> int | None:
    """To everybody whose turn it is to get one, by id; the id it came to when its time was up, None when done.

    The mail server is reached before anybody is noted down as served, so that an hour without it loses no mail.
    """
    started, moment = time.monotonic(), now or timezone.now()
    if not settings.DIGESTS:
        return None
    connection = get_connection()
    try:
        connection.open()
        for user in people().filter(pk__gt=after).order_by("pk").iterator(chunk_size=100):
            send_to(user, moment, connection)
            if time.monotonic() - started > STEP_SECONDS:
                return user.pk
    finally:
        connection.close()
    return None


def people() -> QuerySet[User]:
    return User.objects.people().filter(wants_digest=True)


def send_to(user: User, now: datetime, connection) -> bool:
    """Whether a mail went out. Of two that try at once, the database lets one."""
    local = now.astimezone(zone_of(user.timezone))
    if local.hour < settings.DIGEST_HOUR or user.digest_sent_on and user.digest_sent_on >= local.date():
        return False
    inbox = inbox_of(user)
    if not inbox.items or not claim(user, local.date()):
        return False
    try:
        return bool(message(user, inbox, connection).send())
    except (SMTPException, OSError) as error:
        # It may have gone out all the same: a second one is worse than none.
        log.warning("The digest for person %s was not sent: %s", user.pk, error)
        return False


def claim(user: User, day: date) -> bool:
    """Note down that `user` got the digest of this day, unless that is noted, or they no longer want any."""
    open_ = people().filter(Q(digest_sent_on=None) | Q(digest_sent_on__lt=day), pk=user.pk)
    return bool(open_.update(digest_sent_on=day))


def message(user: User, inbox: Inbox, connection) -> EmailMessage:
    site, number = settings.BASE_URL.rstrip("/"), inbox.total.number
    with timezone.override(zone_of(user.timezone)):
        text = render_to_string(
            "digest.txt", {"user": user, "inbox": inbox, "lines": lines(inbox), "site": site}
        )
    subject = f"{number}{'+' if inbox.total.is_estimate else ''} {'thing waits' if number == 1 else 'things wait'} for you"
    headers = {"Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{site}/accounts/profile/>"}
    return EmailMessage(
        f"[Countersign] {subject}", text, to=[user.email], headers=headers, connection=connection
    )


def lines(inbox: Inbox) -> dict[str, list[tuple[Item, str]]]:
    """Each kind that waits: its name and number → the first items, each with the title of its project."""
    titles = dict(
        Project.objects.filter(pk__in={item.project for item in inbox.items}).values_list("pk", "title")
    )
    found: dict[str, list[tuple[Item, str]]] = {}
    for kind in Kind:
        if count := inbox.counts[kind].number:
            of_kind = [item for item in inbox.items if item.kind == kind][:NAMED]
            more = "+" if inbox.counts[kind].is_estimate else ""
            found[f"{kind.label}: {count}{more}"] = [(item, titles[item.project]) for item in of_kind]
    return found
