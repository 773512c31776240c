"""Filters for the pages of audits."""

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 as "12%"; one that is not 0 is never shown as 0."""
    return "<1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"
