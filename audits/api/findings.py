"""What models.py and datasets.py answer alike: topics and comments, with or without a model."""

from typing import Any

from django.conf import settings
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from api.pagination import ListPages
from api.views.base import ViewSet
from tasks.sql import bounded_reads

from .. import results
from ..maths.formulas import ErrorType, Stat
from ..models import Dataset, Version
from .parameters import query_of
from .serializers import CommentRowSerializer, SampleSerializer, TopicRowSerializer

BAD_TOPICS = {"no_model": "fn needs a model to compare with."}
BAD_COMMENTS = {
    "invalid_q": f"Search for {results.MIN_SEARCH} to {results.MAX_SEARCH} characters.",
    "unknown_topic": "This data set has no such topic.",
}
NOT_FITTED = {"not_fitted": "This model is not fitted yet: label comments, then fit it."}


class FindingPages(ListPages):
    """The links name the version, so that later pages belong to the first after another fit, too."""

    version: int | None = None

    def link(self, step: int) -> str | None:
        link = super().link(step)
        return (
            link
            if link is None or self.version is None
            else replace_query_param(link, "version", self.version)
        )

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.data = {"version": self.version} | response.data
        return response

    def get_paginated_response_schema(self, schema: dict) -> dict:
        found = super().get_paginated_response_schema(schema)
        version = {
            "type": ["integer", "null"],
            "example": 2,
            "description": "Of the model; null for the system alone.",
        }
        found["properties"] = {"version": version} | found["properties"]
        found["required"].insert(0, "version")
        return found


class Findings(ViewSet):
    def topics_answer(self, dataset: Dataset, version: Version | None, wanted: dict[str, Any]) -> Response:
        kind, stat = wanted.get("error_type"), Stat(wanted["stat"])
        rows = results.topics(
            dataset,
            version,
            stat=stat,
            sort=wanted.get("sort"),
            error_type=ErrorType(kind) if kind else None,
            suggested_only=wanted["suggested"],
            min_comments=wanted.get("min_comments"),
        )
        return self._page(rows, version, TopicRowSerializer, stat=stat)

    def comments_answer(self, dataset: Dataset, version: Version | None, wanted: dict[str, Any]) -> Response:
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            selection = results.select(dataset, version, query_of(dataset, wanted))
            return self._page(selection, version, CommentRowSerializer)

    def sample_answer(self, dataset: Dataset, version: Version | None, wanted: dict[str, Any]) -> Response:
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            selection = results.select(dataset, version, query_of(dataset, wanted))
        found = {
            "version": version.number if version else None,
            "count": len(selection),
            "disagreement": selection.disagreement(),
            "comments": selection.sample().points(),
        }
        return Response(SampleSerializer(found).data)

    def _page(self, rows: Any, version: Version | None, serializer: type, **context: Any) -> Response:
        assert isinstance(self.paginator, FindingPages)
        self.paginator.version = version.number if version else None
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer(page, many=True, context=context).data)
