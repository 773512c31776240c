"""The one body of all errors, and which errors an operation can answer with."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from ..serializers.annotations import AnnotationSerializer
from ..serializers.projects import ProjectSerializer
from ..serializers.task_rows import OneTaskSerializer
from .headers import RETRY_AFTER

WRITES = ("POST", "PUT", "PATCH", "DELETE")
# Status → name under `components/responses`, and what it means.
ERRORS: dict[str, tuple[str, str]] = {
    "400": ("BadRequest", "Something about the request, or the time for it, is wrong. Nothing was changed."),
    "401": ("Unauthorized", "No credentials, or bad ones."),
    "403": ("Forbidden", "You see it, but may not do this."),
    "404": ("NotFound", "It does not exist, or is not yours to see."),
    "409": ("Conflict", "The same request is being answered. Try again in a few seconds."),
    "411": ("LengthRequired", "A chunked body: send its length."),
    "412": ("Stale", "It has changed since you read it. Nothing was changed."),
    "413": ("TooLarge", "The body is too large."),
    "415": ("UnsupportedMediaType", "The body is of a kind that is not read here."),
    "429": ("TooManyRequests", "Too many requests."),
    "503": ("Busy", "Somebody else is changing this, or the database is away. Try again."),
}
OF_EVERY_OPERATION = ("400", "401", "403", "404", "503")
OF_WRITES = ("411", "413", "415", "429")
WITH_RETRY_AFTER = ("409", "429", "503")
# What takes one of these headers can be refused because of it.
OF_HEADERS = {"If-Match": "412", "Idempotency-Key": "409"}


class ErrorSerializer(serializers.Serializer):
    """Why nothing was done. `code` never changes; `detail` is for people."""

    id = serializers.UUIDField(help_text="Of this error; the log of the server has it, too.")
    status_code = serializers.IntegerField()
    version = serializers.CharField(help_text="Of the server.")
    detail = serializers.CharField()
    exc_info = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    validation_errors = serializers.DictField(required=False, help_text="Sentences by the key at fault.")
    error = serializers.CharField(required=False, help_text="`detail` again, of the three verdict URLs.")
    existing = serializers.IntegerField(required=False, help_text="The id of what exists already.")
    in_use = serializers.DictField(required=False, help_text="Of a label configuration: what it orphans.")
    errors: Any = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Of an import: each problem with its path."
    )
    error_count = serializers.IntegerField(required=False, help_text="Of `errors`, also those not listed.")
    missing = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="What a report still lacks."
    )
    oldest = serializers.IntegerField(required=False, help_text="The oldest position that the feed has.")
    current: Any = serializers.DictField(required=False, help_text="Of a stale report: its texts now.")

    def get_fields(self) -> dict[str, serializers.Field]:
        earlier = serializers.IntegerField(required=False, help_text="The import of the same file before.")
        return super().get_fields() | {"import": earlier}  # a word of Python


class StaleErrorSerializer(ErrorSerializer):
    """412, with what it is about as it is now: an annotation, a task or a project."""

    current: Any = serializers.SerializerMethodField()

    @extend_schema_field(
        PolymorphicProxySerializer(
            component_name="Current",
            serializers=[AnnotationSerializer, OneTaskSerializer, ProjectSerializer],
            resource_type_field_name=None,
        )
    )
    def get_current(self, error: Any) -> Any: ...


def error_responses(schema: Any) -> dict[str, Any]:
    """Of an operation."""
    schema.resolve_serializer(ErrorSerializer, "response")
    schema.resolve_serializer(StaleErrorSerializer, "response")
    statuses = [*OF_EVERY_OPERATION]
    if schema.method in WRITES:
        statuses += OF_WRITES
    taken = {getattr(parameter, "name", "") for parameter in schema.get_override_parameters()}
    statuses += [status for header, status in OF_HEADERS.items() if header in taken]
    return {status: {"$ref": f"#/components/responses/{ERRORS[status][0]}"} for status in sorted(statuses)}


def components() -> dict[str, Any]:
    """`components/responses`."""
    return {name: _described(status, meaning) for status, (name, meaning) in ERRORS.items()}


def _described(status: str, meaning: str) -> dict[str, Any]:
    schema = "StaleError" if status == "412" else "Error"
    headers: dict[str, Any] = dict(RETRY_AFTER) if status in WITH_RETRY_AFTER else {}
    if status == "412":
        headers["ETag"] = {"description": "Of `current`.", "schema": {"type": "string"}}
    described: dict[str, Any] = {
        "description": meaning,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }
    return described | ({"headers": headers} if headers else {})
