"""Pages in Label Studio's shapes.

Counting stops at 10,000 rows: a larger total is a lower bound and marked as one.
"""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from users.sentences import sentence as _

COUNT_LIMIT = 10_000
UNPAGED_LIMIT = 10_000


def whole_number(params: QueryDict, name: str, default: int, *, least: int = 1, most: int = 2**31) -> int:
    """A whole number ≥ `least`.

    A larger one than `most` is lowered to it, as Label Studio does with `page_size`.
    """
    sent = str(params.get(name, default)).strip()
    # int() would also take 1_000, and the digits of every script.
    value = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 100 else least - 1
    if value < least:
        raise ValidationError(
            {name: [_("%(name)s must be a whole number from %(least)s.", name=name, least=least)]}
        )
    return min(value, most)


class Pages(BasePagination):
    """`page` from 1 and `page_size`; a page past the end is 404, which tells the SDK's pager to stop."""

    page_size = 100
    max_page_size = 1000

    def paginate_queryset(self, queryset, request, view=None) -> list[Any]:
        self.request = request
        self.number = whole_number(request.query_params, "page", 1)
        size = self.size_of_page(request.query_params)
        start = (self.number - 1) * size
        # One row more than the page tells whether there is a next one.
        rows = list(queryset[start : start + size + 1])
        if not rows and self.number > 1:
            raise NotFound(_("Invalid page."))
        self.has_next = len(rows) > size
        self.total, self.is_estimate = self.count(queryset, start, rows, view)
        return rows[:size]

    def size_of_page(self, params: QueryDict) -> int:
        """-1 is Label Studio's "all", of which there are at most `max_page_size` here."""
        if params.get("page_size") == "-1":
            return self.max_page_size
        return whole_number(params, "page_size", self.page_size, most=self.max_page_size)

    def count(self, queryset, start: int, rows: Sequence[Any], view) -> tuple[int, bool]:
        if not self.has_next:
            return start + len(rows), False
        # The LIMIT is inside the counted query, so PostgreSQL stops there.
        counted = queryset.order_by().values("pk")[: COUNT_LIMIT + 1].count()
        # Rows may have been deleted between the two queries.
        return max(min(counted, COUNT_LIMIT), start + len(rows)), counted > COUNT_LIMIT

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.total,
                "next": self.link(1) if self.has_next else None,
                "previous": self.link(-1),
                "results": data,
            }
            | ({"total_is_estimate": True} if self.is_estimate else {})
        )

    def link(self, step: int) -> str | None:
        if self.number + step < 1:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "page", self.number + step)

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "example": 1},
                "next": {"type": ["string", "null"], "format": "uri", "example": None},
                "previous": {"type": ["string", "null"], "format": "uri", "example": None},
                "results": schema,
                "total_is_estimate": {
                    "type": "boolean",
                    "example": False,
                    "description": "Present and true when `count` is a lower bound.",
                },
            },
        }

    def get_schema_operation_parameters(self, view) -> list[dict]:
        names = (
            ("page", "Page number, from 1."),
            ("page_size", f"Rows on a page, at most {self.max_page_size}; -1 for as many as that."),
        )
        return [
            {"name": n, "in": "query", "required": False, "description": d, "schema": {"type": "integer"}}
            for n, d in names
        ]


class ProjectPages(Pages):
    page_size = 30


class TaskPages(Pages):
    """Label Studio's shape. The totals of an unfiltered list of one project are stored ones; those of others
    are counted, of the list and not of the page."""

    max_page_size = 500

    def count(self, queryset, start: int, rows: Sequence[Any], view) -> tuple[int, bool]:
        self.totals = view.stored_totals() if rows else None  # a deleted project still has totals
        if self.totals is not None:
            return self.totals["tasks"], False
        total, is_estimate = super().count(queryset, start, rows, view)
        if self.has_next or self.number > 1:
            self.totals = view.counted_totals(queryset)
        return total, is_estimate

    def get_paginated_response(self, data: Any) -> Response:
        totals = self.totals or {}
        return Response(
            {
                "tasks": data,
                "total": self.total,
                "total_annotations": totals.get(
                    "annotations", sum(task["total_annotations"] for task in data)
                ),
                "total_predictions": totals.get(
                    "predictions", sum(task["total_predictions"] for task in data)
                ),
            }
            | ({"total_is_estimate": True} if self.is_estimate else {})
        )

    def get_paginated_response_schema(self, schema: dict) -> dict:
        counts = {name: {"type": "integer"} for name in ("total", "total_annotations", "total_predictions")}
        estimate = {"total_is_estimate": {"type": "boolean"}}
        return {
            "type": "object",
            "required": ["tasks", *counts],
            "properties": {"tasks": schema, **counts, **estimate},
        }


PAGE = OpenApiParameter("page", int, description="Page number, from 1.")
PAGE_SIZE = OpenApiParameter("page_size", int, description="Rows on a page, at most 500; -1 for as many.")
START = OpenApiParameter("start", int, description="Instead of `page`: how many rows come before.")


class OldTaskPages(Pages):
    """Label Studio's older pages of tasks: a plain list, from `start` or by `page`; an empty one is 404.

    `Link: <…>; rel="next"` tells that there are more.
    """

    page_size = 50
    max_page_size = 500

    def paginate_queryset(self, queryset, request, view=None) -> list[Any]:
        self.request = request
        size = self.size_of_page(request.query_params)
        self.number = whole_number(request.query_params, "page", 1)
        before = (self.number - 1) * size
        if "start" in request.query_params:
            before = whole_number(request.query_params, "start", 0, least=0)
            self.number = before // size + 1
        rows = list(queryset[before : before + size + 1])
        if not rows:
            raise NotFound(_("Invalid page."))
        self.next_start = before + size if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        answer = Response(data)
        if self.next_start is not None:
            url = remove_query_param(self.request.build_absolute_uri(), "page")
            answer["Link"] = f'<{replace_query_param(url, "start", self.next_start)}>; rel="next"'
        return answer

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return schema

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return []


class LongList(BasePagination):
    """A plain list, as nearly everywhere in Label Studio, that can be long: `after_id`, `page`, and `limit`
    or `page_size`.

    Without any of them all rows are returned, up to 10,000; above that, 400 says what to do.
    """

    def paginate_queryset(self, queryset, request, view=None) -> list[Any]:
        params = request.query_params
        # By this name the other lists have it, which are paged by `page` and `page_size`.
        size = "limit" if "limit" in params or params.get("page_size") == "-1" else "page_size"
        limit = whole_number(params, size, UNPAGED_LIMIT, most=UNPAGED_LIMIT)
        if "after_id" in params:
            after = whole_number(params, "after_id", 0, least=0, most=2**63 - 1)
            return list(self._after(queryset, after)[:limit])
        page = whole_number(params, "page", 1)
        if page > 1 or size in params:
            return self._page(queryset, page, limit)
        rows = list(queryset[: UNPAGED_LIMIT + 1])
        if len(rows) > UNPAGED_LIMIT:
            raise ValidationError(
                {
                    "limit": [
                        _(
                            "More than %(limit)s rows match. Use after_id and limit, or narrow the filter.",
                            limit=UNPAGED_LIMIT,
                        )
                    ]
                }
            )
        return rows

    def _after(self, rows: Any, after: int) -> Any:
        """A list (of pseudonyms) is sorted by id already."""
        return (
            [row for row in rows if row.pk > after]
            if isinstance(rows, list)
            else rows.filter(pk__gt=after).order_by("pk")
        )

    def _page(self, queryset, page: int, limit: int) -> list[Any]:
        rows = list(queryset[(page - 1) * limit : page * limit])
        if not rows and page > 1:
            raise NotFound(_("Invalid page."))
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(data)

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return schema

    def get_schema_operation_parameters(self, view) -> list[dict]:
        names = (
            ("after_id", "Only rows with a higher id, lowest first."),
            ("limit", "At most this many rows."),
            ("page_size", "The same as `limit`; -1 for all of them."),
            ("page", "Page number, from 1."),
        )
        return [
            {"name": n, "in": "query", "required": False, "description": d, "schema": {"type": "integer"}}
            for n, d in names
        ]


class ListPages(Pages):
    """Pages of a list in memory."""

    def count(self, queryset, start: int, rows: Sequence[Any], view) -> tuple[int, bool]:
        return len(queryset), False


class InboxPages(ListPages):
    """With `counts` of everything, by kind or reason; the view adds them."""

    def get_paginated_response_schema(self, schema: dict) -> dict:
        found = super().get_paginated_response_schema(schema)
        count = {"number": {"type": "integer"}, "is_estimate": {"type": "boolean"}}
        one = {"type": "object", "required": list(count), "properties": count}
        found["properties"] |= {"counts": {"type": "object", "additionalProperties": one}}
        found["required"] += ["counts"]
        return found


class GroupPages(Pages):
    """Pages of grouped rows, which have no primary key to count."""

    def count(self, queryset, start: int, rows, view) -> tuple[int, bool]:
        return (queryset.count() if self.has_next else start + len(rows)), False
