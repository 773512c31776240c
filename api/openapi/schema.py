"""How operations describe themselves."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry

from .errors import error_responses
from .tags import tag_of

ID_PATTERN = r"^\d{1,18}$"


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "users.authentication.TokenAuthentication"
    name = ["token", "bearer"]
    priority = 1

    def get_security_requirement(self, auto_schema) -> list[dict[str, list[Any]]]:
        return [{"token": []}, {"bearer": []}]  # one of them, not both

    def get_security_definition(self, auto_schema):
        return [
            {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <your key>`"},
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "What `POST /api/token/refresh/` made of a personal access token",
            },
        ]


class Schema(AutoSchema):
    """Pages of one serializer have several shapes here, so each is named by its paginator."""

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{type(self._get_paginator()).__name__}Of{serializer_name}"

    def query_parameters(self, method: str) -> dict[str, dict[str, Any]]:
        """The schemas of the operation's query parameters: of filters, pages and `extend_schema`."""
        self.registry, self.method = ComponentRegistry(), method
        self.path = self.path_regex = self.path_prefix = ""
        return {
            parameter["name"]: parameter["schema"]
            for parameter in self._get_parameters()
            if parameter["in"] == "query"
        }

    def get_tags(self) -> list[str]:
        return [tag_of(self.path)]

    def map_parsers(self) -> list[Any]:
        """Forms are read too, as Label Studio reads them; a client needs one way. Uploads name theirs."""
        return ["application/json"]

    def _resolve_path_parameters(self, variables):
        parameters = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            if parameter["schema"].get("pattern") == ID_PATTERN:
                parameter["schema"] = {"type": "integer"}
        return parameters

    def _get_filter_parameters(self):
        """What lists are filtered by as numbers are ids and counts."""
        parameters = super()._get_filter_parameters()
        for schema in (parameter["schema"] for parameter in parameters):
            for number in (schema, schema.get("items", {})):
                if number.get("type") == "number":
                    number["type"] = "integer"
        return parameters

    def get_request_serializer(self):
        """A DELETE has a body where `extend_schema` names one, which does not get here."""
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction="request"):
        if self.method != "DELETE" or direction != "request":
            return _required(super()._get_request_body(direction))
        # REST framework reads a body of DELETE; the generator asks for one with other methods only.
        if self.get_request_serializer() is None:
            return None
        self.method = "POST"
        try:
            return super()._get_request_body()
        finally:
            self.method = "DELETE"

    def _get_response_bodies(self, direction="response"):
        if direction != "response":
            return super()._get_response_bodies(direction)
        return {**error_responses(self), **self._answers()}

    def _answers(self) -> dict[str, Any]:
        """A DELETE that answers with a body answers 200."""
        answer = self.get_response_serializers()
        if self.method == "DELETE" and not isinstance(answer, dict):
            return {"200": self._get_response_for_code(answer, "200")}
        return super()._get_response_bodies()

    def _map_basic_serializer(self, serializer, direction):
        schema = super()._map_basic_serializer(serializer, direction)
        meta = getattr(serializer, "Meta", None)
        if getattr(meta, "other_keys", False):
            schema["additionalProperties"] = {}
        if direction == "response":
            # `required=False` says nothing about keys that are only read: `Meta.optional_keys` does.
            _mark_optional(schema, getattr(meta, "optional_keys", ()))
            _mark_nullable(schema, getattr(serializer, "hidden_names", ()))
        else:
            nested = getattr(serializer, "nested_settings", {})
            for name, settings in nested.items():
                schema["properties"][name] = self.resolve_serializer(settings, "request").ref
            _mark_optional(schema, nested)
        return schema


def _required(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """A body without a serializer, whose schema the view spells out, is not optional."""
    if body and any("anyOf" in content.get("schema", {}) for content in body["content"].values()):
        body["required"] = True
    return body


def _mark_optional(schema: dict[str, Any], names: Iterable[str]) -> None:
    """Keys that are left out of what some people get."""
    if required := [name for name in schema.get("required", []) if name not in names]:
        schema["required"] = required
    else:
        schema.pop("required", None)


def _mark_nullable(schema: dict[str, Any], names: Iterable[str]) -> None:
    """People whom not every reader may know of."""
    for name in names:
        shown = schema["properties"].get(name, {})
        if isinstance(shown.get("type"), str):
            shown["type"] = [shown["type"], "null"]
        elif "allOf" in shown or "$ref" in shown:
            person = {key: shown.pop(key) for key in ("allOf", "$ref") if key in shown}
            shown["anyOf"] = [*(person.get("allOf") or [person]), {"type": "null"}]
