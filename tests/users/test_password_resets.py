"""Mails for a new password, sent by a job."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from tests.factories import person
from tests.parallel import together
from users.jobs import send_password_resets
from users.models import PasswordResetRequest
from users.password_resets import request_reset


class Down(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("down")


def test_what_was_asked_for_is_sent_once(db):
    person("ann"), person("away", is_active=False)
    for name in ("Ann", "away", "nobody"):
        request_reset(f"{name}@example.org")

    send_password_resets()
    send_password_resets()

    assert [message.to for message in mail.outbox] == [["ann@example.org"]]
    assert not PasswordResetRequest.objects.exists()


def test_while_the_mail_server_is_down_it_is_tried_for_an_hour(db, settings):
    person("ann")
    request_reset("ann@example.org")
    settings.EMAIL_BACKEND = f"{__name__}.Down"

    send_password_resets()
    assert PasswordResetRequest.objects.exists()
    PasswordResetRequest.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    send_password_resets()

    assert not PasswordResetRequest.objects.exists()


@pytest.mark.parametrize(("error", "tried"), [(TimeoutError, 1), (smtplib.SMTPDataError, 3)])
def test_nobody_waits_for_a_server_that_does_not_answer_once_for_each_mail(db, monkeypatch, error, tried):
    tries = []

    def send(message):
        tries.append(message.to)
        raise error(550, b"no")

    monkeypatch.setattr(mail.EmailMessage, "send", send)
    for name in ("ann", "ben", "cem"):
        person(name)
        request_reset(f"{name}@example.org")

    send_password_resets()

    assert (len(tries), PasswordResetRequest.objects.count()) == (tried, 3)


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_mail():
    person("ann")
    request_reset("ann@example.org")

    together([send_password_resets] * 4)

    assert len(mail.outbox) == 1
