"""The digest: at most once a day, only if something is waiting, and off if the person or the site says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
from celery.schedules import crontab
from django.core import mail
from django.db import connection
from django.test import Client

from pages import digests
from pages.jobs import send_digests
from tests.factories import build_house, reviewed
from users.models import User

MORNING = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def returned(house):
    """Work is waiting for the annotator, the only person who wants a digest."""
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")
    User.objects.exclude(pk=house.annotator.pk).update(wants_digest=False)
    return house


def change(user: User, **fields) -> None:
    User.objects.filter(pk=user.pk).update(**fields)


def test_the_mail_says_what_waits_and_where(returned, settings):
    settings.BASE_URL = "https://review.example.org/"
    digests.send(now=MORNING)

    (sent,) = mail.outbox
    assert sent.to == [returned.annotator.email]
    assert sent.subject == "[Countersign] 1 item is waiting for you"
    assert "Sent back to you: 1" in sent.body
    assert f"- Letters, task {returned.task.pk}, since " in sent.body
    assert (
        f"  https://review.example.org/projects/{returned.project.pk}/label/?task={returned.task.pk}\n"
        in sent.body
    )
    assert "https://review.example.org/accounts/profile/" in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_there_is_one_a_day(returned):
    for hour in (9, 10, 23):
        digests.send(now=MORNING.replace(hour=hour))
    assert len(mail.outbox) == 1

    digests.send(now=MORNING.replace(day=5))
    assert len(mail.outbox) == 2


def test_the_day_is_the_persons_own(returned):
    change(returned.annotator, timezone="Pacific/Auckland")
    digests.send(now=datetime(2026, 5, 4, 9, tzinfo=UTC))  # 21:00 there
    digests.send(now=datetime(2026, 5, 4, 13, tzinfo=UTC))  # the next day, at 1 in the night
    assert (len(mail.outbox), User.objects.get(pk=returned.annotator.pk).digest_sent_on) == (
        1,
        date(2026, 5, 4),
    )

    digests.send(now=datetime(2026, 5, 4, 20, tzinfo=UTC))  # 8 in the morning
    assert (len(mail.outbox), User.objects.get(pk=returned.annotator.pk).digest_sent_on) == (
        2,
        date(2026, 5, 5),
    )


def test_nobody_is_written_to_before_the_morning(returned):
    digests.send(now=MORNING.replace(hour=6))
    assert mail.outbox == []


def test_nothing_waiting_is_no_mail_and_uses_no_day_up(returned):
    change(returned.annotator, wants_digest=False)
    change(returned.stranger, wants_digest=True)
    digests.send(now=MORNING)
    assert mail.outbox == []
    assert User.objects.get(pk=returned.stranger.pk).digest_sent_on is None


@pytest.mark.parametrize("off", [{"wants_digest": False}, {"is_active": False}, {"is_placeholder": True}])
def test_who_does_not_want_it_gets_none(returned, off):
    change(returned.annotator, **off)
    digests.send(now=MORNING)
    assert mail.outbox == []


def test_the_site_can_switch_it_off(returned, settings):
    settings.DIGESTS = False
    digests.send(now=MORNING)
    assert mail.outbox == []


def test_the_profile_has_the_switch(house):
    browser = Client()
    browser.force_login(house.annotator)
    assert (
        "e-mail me once a day about waiting work"
        in browser.get("/accounts/profile/").content.decode().lower()
    )
    browser.post("/accounts/profile/", {"first_name": "A", "last_name": "B", "timezone": "UTC"})
    assert not User.objects.get(pk=house.annotator.pk).wants_digest


def test_a_mail_server_that_is_away_uses_no_day_up(returned, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    with pytest.raises(OSError):
        digests.send(now=MORNING)
    assert User.objects.get(pk=returned.annotator.pk).digest_sent_on is None


def test_a_long_list_is_sent_in_steps(returned, monkeypatch):
    monkeypatch.setattr(digests, "STEP_SECONDS", -1)
    change(returned.reviewer, wants_digest=True)
    first, second = sorted((returned.reviewer.pk, returned.annotator.pk))
    assert digests.send(now=MORNING) == first
    assert digests.send(now=MORNING, after=first) == second
    assert digests.send(now=MORNING, after=second) is None


def test_the_job_goes_hourly_to_the_queue_where_slow_servers_delay_nobody(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["send-digests"]
    assert (entry["task"], entry["schedule"]) == (send_digests.name, crontab(minute=5))
    assert settings.CELERY_TASK_ROUTES["pages.jobs.*"] == {"queue": "deliver-slow"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one():
    house = build_house()
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")
    User.objects.exclude(pk=house.annotator.pk).update(wants_digest=False)
    together = Barrier(4)

    def work(_: int) -> None:
        try:
            together.wait(timeout=30)
            digests.send(now=MORNING)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert len(mail.outbox) == 1
