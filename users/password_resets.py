"""Mails with a link to choose a new password, sent by a job: known and unknown addresses are answered alike
and equally fast.
"""

import logging
from datetime import timedelta
from enum import Enum
from smtplib import SMTPException, SMTPServerDisconnected

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.timezone import now

from .models import PasswordResetRequest, User

log = logging.getLogger(__name__)
KEPT = timedelta(hours=1)  # while the mail server is down
AT_ONCE = 20


def request_reset(email: str) -> None:
    PasswordResetRequest.objects.create(email=email)


def send_requested() -> None:
    """Send what was asked for, oldest first. A failed mail is tried again for an hour.

    One process at a time, and not beyond a mail server that does not answer: whoever waits for one occupies a
    worker.
    """
    for pk in list(PasswordResetRequest.objects.order_by("id").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            asked = PasswordResetRequest.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if asked is None:
                return
            outcome = _send(asked)
            if outcome is Outcome.DONE or asked.created_at < now() - KEPT:
                asked.delete()
        if outcome is Outcome.NO_SERVER:
            return


class Outcome(Enum):
    DONE, REFUSED, NO_SERVER = range(3)


def _send(asked: PasswordResetRequest) -> Outcome:
    person = User.objects.people().filter(email=asked.email).first()
    if person is None:
        return Outcome.DONE
    try:
        _message(person).send()
    except OSError as error:
        log.warning("Password reset for user %s not sent: %s", person.pk, error)
        answered = isinstance(error, SMTPException) and not isinstance(error, SMTPServerDisconnected)
        return Outcome.REFUSED if answered else Outcome.NO_SERVER
    return Outcome.DONE


def _message(person: User) -> EmailMessage:
    site = settings.BASE_URL.rstrip("/")
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse(
        "password_reset_confirm", kwargs={"uidb64": uid, "token": default_token_generator.make_token(person)}
    )
    # Links are made of BASE_URL only: the Host header is whatever the client sends.
    text = render_to_string(
        "registration/password_reset_email.html", {"user": person, "site": site, "link": f"{site}{path}"}
    )
    return EmailMessage("Countersign: choose a new password", text, to=[person.email])
