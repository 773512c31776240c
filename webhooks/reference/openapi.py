"""The `webhooks` section of the OpenAPI document: each event with the schema of its body and an example."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from rest_framework.generics import GenericAPIView

from api.views.schema import Schema as AutoSchema

from ..catalogue import CATALOGUE
from .schemas import Bodies, Schema

EXAMPLES = Path(__file__).with_name("examples.json")
TAKEN = "Any 2xx takes it; everything else is tried again. 410 switches the endpoint off."
HEADERS = {
    "webhook-id": "Names the event: the same on every attempt. Drop what you have seen.",
    "webhook-timestamp": "Seconds since 1970 of this attempt.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; perhaps several, a space between them.",
}


@cache
def examples() -> dict[str, Any]:
    """Action → body. Written by `manage.py document_webhooks`."""
    return json.loads(EXAMPLES.read_text())


def add_webhooks(result: Any, generator: Any, **_: Any) -> Any:
    """A postprocessing hook; the first one, so that the others see the schemas it adds."""
    bodies = Bodies(resolver(generator.registry))
    result["webhooks"] = {action: {"post": operation(action, bodies.of(action))} for action in CATALOGUE}
    result["components"]["schemas"] = generator.registry.build({})["schemas"]
    return result


def resolver(registry: Any):
    """Serializer → a reference to its schema, which is added to `registry`."""
    inspector = AutoSchema()
    inspector.registry, inspector.path, inspector.method = registry, "", "POST"
    inspector.view = GenericAPIView(request=None, format_kwarg=None)

    def resolve(serializer: Any) -> Schema:
        return inspector.resolve_serializer(serializer, "response").ref

    return resolve


def operation(action: str, schema: Schema) -> dict[str, Any]:
    entry = CATALOGUE[action]
    content = {"application/json": {"schema": schema, "example": examples()[action]}}
    return {
        "operationId": f"webhook_{action.lower()}",
        "summary": entry.label,
        "description": entry.description,
        "tags": ["webhooks"],
        "parameters": [
            {
                "in": "header",
                "name": name,
                "description": words,
                "required": True,
                "schema": {"type": "string"},
            }
            for name, words in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": TAKEN}},
    }
