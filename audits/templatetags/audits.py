"""Filters for the pages of audits."""

from itertools import count

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 as "12%"; one that is not 0 is never shown as 0."""
    return "<1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


@register.filter
def rating(value: float, threshold: float) -> str:
    """Two digits, or as many as it takes to stay on its side of the threshold: 1.996 is kept, and must not
    read as 2.00. A label is a whole number."""
    if isinstance(value, int):
        return str(value)
    texts = (f"{value:.{digits}f}" for digits in count(2))
    return next(text for text in texts if (float(text) >= threshold) == (value >= threshold))
