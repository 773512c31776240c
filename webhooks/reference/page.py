"""docs/reference/webhook-events.md, and the same as JSON Schema for a validator."""

import json
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from ..catalogue import CATALOGUE, when_sent
from .openapi import examples

HEAD = """# Webhook events, one by one

Made by `manage.py document_webhooks`; every example but that of `REVIEW_UPDATED`, which is never sent, is the
body of something that really happened. Schemas:
[webhook-events.schema.json](webhook-events.schema.json) (one definition for each action), and the `webhooks` section of
`/api/schema/`. What can be relied on is in [Webhooks](webhooks.md), how to receive them in
[Receive webhooks](../how-to/receive-webhooks.md).

With `send_payload: false` every body is `{"action": "…"}` alone.
"""
IN_OPENAPI, IN_SCHEMA = "#/components/schemas/", "#/$defs/"


def page() -> str:
    return HEAD + "".join(_section(action, body) for action, body in examples().items())


def _section(action: str, body: Any) -> str:
    entry = CATALOGUE[action]
    words = f"{entry.description} Sent {when_sent(entry)}; the object is under `{entry.key}`."
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return f"\n## `{action}`\n\n{words}\n\n```json\n{text}\n```\n"


def json_schema() -> dict[str, Any]:
    """Stands alone: what the bodies refer to is in it, too."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    bodies = {action: _body_of(item) for action, item in document["webhooks"].items()}
    parts = _referred(bodies, document["components"]["schemas"])
    definitions = json.loads(json.dumps(bodies | parts).replace(IN_OPENAPI, IN_SCHEMA))
    one_of = [{"$ref": f"{IN_SCHEMA}{action}"} for action in bodies]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Countersign webhooks",
        "oneOf": one_of,
    } | {"$defs": definitions}


def _body_of(item: Any) -> Any:
    return item["post"]["requestBody"]["content"]["application/json"]["schema"]


def _referred(bodies: Any, components: dict[str, Any]) -> dict[str, Any]:
    """Of `components` what `bodies` refer to, and what that refers to."""
    found: dict[str, Any] = {}
    waiting = [bodies]
    while waiting:
        for name in sorted(_names(waiting.pop()) - found.keys()):
            found[name] = components[name]
            waiting.append(components[name])
    return dict(sorted(found.items()))


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_names, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"].removeprefix(IN_OPENAPI)} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(_names, value.values()))
