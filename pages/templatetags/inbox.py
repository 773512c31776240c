"""For the pages of the inbox."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

from users.models import User

register = template.Library()


@register.filter
def of(people: dict[int, User], person: int) -> str:
    """The name of somebody among `people`."""
    return people[person].get_full_name() if person in people else "somebody"


@register.filter
def lasting(since: datetime) -> str:
    """How long something waits, roughly: "3 days"."""
    if timezone.now() - since < timedelta(minutes=1):
        return "under a minute"
    return timesince(since, depth=1)
