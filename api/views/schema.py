"""What the OpenAPI generator cannot guess."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "users.authentication.TokenAuthentication"
    name = ["token", "bearer"]
    priority = 1

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

    def query_names(self, method: str) -> frozenset[str]:
        """The query parameters of the operation: of filters, pages and `extend_schema`."""
        self.registry, self.method = ComponentRegistry(), method
        self.path = self.path_regex = self.path_prefix = ""
        return frozenset(
            parameter["name"] for parameter in self._get_parameters() if parameter["in"] == "query"
        )


ANY_OR_NULL = {"oneOf": [{}, {"type": "null"}]}


def plain_json(result: Any, **_: Any) -> Any:
    """JSON that may be null is any JSON: "one of anything and null" would refuse null, which is both."""
    if isinstance(result, dict):
        if all(result.get(key) == value for key, value in ANY_OR_NULL.items()):
            result = {key: value for key, value in result.items() if key not in ANY_OR_NULL}
        return {key: plain_json(value) for key, value in result.items()}
    return [plain_json(item) for item in result] if isinstance(result, list) else result
