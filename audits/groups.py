"""Groups of raters, chosen by what they said about themselves. Small ones are not told about."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from users.errors import Refused
from users.sentences import sentence as _

from .models import Dataset, Rater

# How a filter is looked up. All chosen ones must match.
LOOKUPS = {
    "gender": "gender",
    "politics": "politics",
    "religion": "religion",
    "lgbtq": "lgbtq",
    "race": "races__contains",
}


@dataclass(frozen=True)
class GroupSize:
    size: int | None  # None: too small to tell
    is_suppressed: bool


def checked(filters: Any) -> dict[str, str]:
    """The filters that are set. Raises Refused for others than those of LOOKUPS."""
    if not isinstance(filters, dict):
        raise Refused("invalid_filters", _("Filters are an object of names and values."), field="filters")
    for name, value in filters.items():
        if name not in LOOKUPS:
            allowed = ", ".join(LOOKUPS)
            raise Refused(
                "unknown_filter",
                _("%(name)s is not a filter. There are: %(allowed)s.", name=name, allowed=allowed),
                field="filters",
            )
        if not isinstance(value, str) or len(value) > 60 or "\0" in value:
            raise Refused(
                "invalid_filters",
                _("{name} is a text of at most 60 characters.").format(name=name),
                field="filters",
            )
    return {name: value for name, value in filters.items() if value}


def raters(dataset: Dataset, filters: dict[str, str]) -> QuerySet[Rater]:
    found = Rater.objects.filter(dataset=dataset)
    for name, value in checked(filters).items():
        found = found.filter(**{LOOKUPS[name]: [value] if name == "race" else value})
    return found


def group_size(dataset: Dataset, filters: dict[str, str]) -> GroupSize:
    size = raters(dataset, filters).count()
    is_suppressed = size < dataset.min_group
    return GroupSize(None if is_suppressed else size, is_suppressed)


def require_big_enough(dataset: Dataset, filters: dict[str, str]) -> None:
    if group_size(dataset, filters).is_suppressed:
        raise Refused(
            "group_too_small",
            _(
                "Fewer than {n} raters match: a model of them would say what single persons think. "
                "Choose fewer filters."
            ).format(n=dataset.min_group),
            field="filters",
        )
