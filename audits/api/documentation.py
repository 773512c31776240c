"""What every operation of this API says of itself in OpenAPI."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from api.openapi.errors import ErrorSerializer


def documented(
    answer: Any,
    *,
    example: Any = None,
    status: int = 200,
    also: int | None = None,
    refusals: dict[str, str] | None = None,
    forbidden: bool = False,
    **options: Any,
) -> Any:
    """`extend_schema` with an example of the answer (of one row, for a list) and with the errors there can
    be. `also`: another status of the same answer. `refusals`: code → sentence of the 400s. `forbidden`: 403
    for who sees it, but may not do this."""
    refused = [_error(400, code, sentence) for code, sentence in (refusals or {}).items()]
    shown = [OpenApiExample("An answer", value=example, response_only=True, status_codes=[str(status)])]
    return extend_schema(
        responses={
            **{one: answer for one in (status, also) if one},
            400: OpenApiResponse(ErrorSerializer, "What was sent is wrong, or it is too early for it."),
            404: OpenApiResponse(ErrorSerializer, "It does not exist, or is not yours to see."),
        }
        | ({403: OpenApiResponse(ErrorSerializer, "You see it, but may not do this.")} if forbidden else {}),
        examples=[
            *(shown if example is not None else []),
            *refused,
            _error(404, "not_found", "Not found."),
            *options.pop("examples", ()),
        ],
        **options,
    )


def _error(status: int, code: str, detail: str) -> OpenApiExample:
    value = {
        "id": "8d0f9a52-6a5c-4e0f-9d55-0d6f3f1c2b7a",
        "status_code": status,
        "version": "1.0",
        "detail": detail,
        "exc_info": None,
        "code": code,
    }
    return OpenApiExample(code, value=value, response_only=True, status_codes=[str(status)])
