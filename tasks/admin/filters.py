"""Filters of the lists. They offer only what the user may see."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from users.admin.base import signed_in

from ..models import Project

MAX_OFFERED = 100


class Choices(admin.SimpleListFilter):
    """A closed list: value → (label, condition)."""

    choices_offered: dict[str, tuple[str, Q]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return [(value, words) for value, (words, _) in self.choices_offered.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.choices_offered.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


class NumberFilter(admin.SimpleListFilter):
    """Rows whose `path` is the chosen number. Anything that is not a number finds nothing."""

    path = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value: Any = self.value()
        if value is None:
            return queryset
        return (
            queryset.filter(**{self.path: int(value)})
            if value.isdecimal() and len(value) < 19
            else queryset.none()
        )


class ByProject(NumberFilter):
    title = "project"
    parameter_name = "project"
    path = "project_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        mine = Project.objects.managed_by(signed_in(request)).order_by("title", "pk")
        return list(mine.values_list("pk", "title")[:MAX_OFFERED])


class ByAnnotationsProject(ByProject):
    path = "annotation__project_id"


class ByTasksProject(ByProject):
    path = "task__project_id"


class AtLeast(admin.SimpleListFilter):
    """`column` ≥ n."""

    column = ""
    steps = (1, 2, 3, 5)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("0", "none"), *((str(n), f"{n} or more") for n in self.steps)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value is None or not value.isdecimal():
            return queryset
        number = int(value[:9])
        return queryset.filter(**({f"{self.column}__gte": number} if number else {self.column: 0}))


class Accepted(AtLeast):
    title = "accepted annotations"
    parameter_name = "reviews_accepted"
    column = "reviews_accepted"


class Rejected(AtLeast):
    title = "rejected annotations"
    parameter_name = "reviews_rejected"
    column = "reviews_rejected"


class Comments(Choices):
    title = "comments"
    parameter_name = "comments"
    choices_offered = {
        "open": ("unresolved", Q(unresolved_comment_count__gt=0)),
        "any": ("any", Q(comment_count__gt=0)),
        "none": ("none", Q(comment_count=0)),
    }
