"""What is changed in the finished document."""

from typing import Any

from .errors import components

ANY_OR_NULL = {"oneOf": [{}, {"type": "null"}]}
NULL_ENUM = "#/components/schemas/NullEnum"


def add_errors(result: Any, **_: Any) -> Any:
    result["components"]["responses"] = components()
    return result


def plain_schemas(result: Any, **_: Any) -> Any:
    """The same meaning in words that every tool understands."""
    result["components"]["schemas"].pop("NullEnum", None)
    return _plain(result)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if all(value.get(key) == found for key, found in ANY_OR_NULL.items()):
        # "One of anything and null" would refuse null, which is both.
        value = {key: found for key, found in value.items() if key not in ANY_OR_NULL}
    if value.get("$ref") == NULL_ENUM:
        return {"type": "null"}
    if value.get("default") == "" and value.get("minLength"):
        # An empty text means that nothing was sent, which is said by leaving it out.
        value = {key: found for key, found in value.items() if key != "default"}
    if "oneOf" in value and "discriminator" not in value:
        # What several of them allow, such as null, is allowed.
        value = {"anyOf" if key == "oneOf" else key: found for key, found in value.items()}
    return {key: _plain(item) for key, item in value.items()}
