"""Filters for the pages of the inbox."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

from users.models import User

register = template.Library()


@register.filter
def name_of(people: dict[int, User], person: int) -> str:
    """The name of `person`, looked up in `people`."""
    return people[person].get_full_name() if person in people else "somebody"


@register.filter
def age(since: datetime) -> str:
    """How long ago `since` was, roughly: "3 days"."""
    if timezone.now() - since < timedelta(minutes=1):
        return "under a minute"
    # depth=1: "3 days", not "3 days, 4 hours".
    return timesince(since, depth=1)
