"""For the pages of the inbox."""

from django import template

from users.models import User

register = template.Library()


@register.filter
def of(people: dict[int, User], person: int) -> str:
    """The name of somebody among `people`."""
    return people[person].get_full_name() if person in people else "somebody"
