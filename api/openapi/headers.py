"""Headers beside the usual ones. Views name them in `extend_schema(parameters=[…])`."""

from typing import Any, Literal

from drf_spectacular.utils import OpenApiParameter

HEADER: Literal["header"] = "header"
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    HEADER,
    description="The `ETag` that you read. Where it has changed since, nothing is done: 412.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    HEADER,
    description="The `ETag` that you read. If nothing has changed since, the answer is 304 without a body.",
)
ETAG = OpenApiParameter(
    "ETag", str, HEADER, response=[200, 201, 304], description="The state of the row, for `If-Match`."
)


def answered(name: str, description: str) -> OpenApiParameter:
    """A header of successful answers."""
    return OpenApiParameter(name, str, HEADER, response=[200], description=description)


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    HEADER,
    description="Of your making. With it the same request is done once, and answered as the first time.",
)
FILE_NAME = answered("Content-Disposition", "The name to save it under.")
RETRY_AFTER: dict[str, Any] = {
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer"},
    }
}
