"""Periodic jobs, started by beat."""

from celery import shared_task
from django.utils.timezone import now

from . import password_resets
from .models import ApiToken, LoginTry, Session
from .sending import sends


@shared_task
@sends
def send_password_resets() -> None:
    password_resets.send_requested()


@shared_task
def prune_sign_ins() -> None:
    """Delete what has ended: windows of the login guard, sessions, and tokens of logins."""
    LoginTry.objects.filter(until__lte=now()).delete()
    Session.objects.filter(expire_date__lte=now()).delete()
    ApiToken.objects.filter(kind=ApiToken.Kind.LOGIN, expires_at__lte=now()).delete()
