"""Clients that compare every answer of the API with its OpenAPI document.

What fails: a status, media type, header or key that the document does not name, and a value of another type.
Query parameters need no check here: views refuse those that they do not describe.
"""

import gzip
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator

DOCUMENT = "urn:openapi"
# What every answer may carry, and the browser's own business.
USUAL_HEADERS = {
    "allow",
    "content-length",
    "content-encoding",
    "content-type",
    "vary",
    "cache-control",
    "x-request-id",
    "set-cookie",
    "content-language",
    "www-authenticate",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "content-security-policy",
    "content-security-policy-report-only",
    "access-control-allow-origin",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "access-control-max-age",
    "connection",
    "expires",
}
# Answers to what is no operation: another method, another address, a fault of ours.
METHODS = ("get", "post", "put", "patch", "delete")
SERVER_ERRORS = (500,)
MAX_PROBLEMS = 12
# Tests whose answers are not compared: they send what is broken on purpose, or change what is described.
NOT_COMPARED = (
    "tests/reviewsite/visibility/",
    "tests/reviewsite/test_hostile_data.py",
    "tests/reviewsite/webserver/",
)
# To see all that differs at once, run tests with UNDESCRIBED=file: it collects.
COLLECTED_IN = os.environ.get("UNDESCRIBED")
now: dict[str, bool] = {"compares": bool(COLLECTED_IN)}


@cache
def document() -> dict[str, Any]:
    """As it is published. Built once in a process; do not change it."""
    return SchemaGenerator().get_schema(request=None, public=True)


class Checked:
    """Before a test client of Django: checks what `request` returns."""

    def request(self, **asked: Any) -> Any:
        response = super().request(**asked)  # type: ignore[misc]
        if not now["compares"]:
            return response
        query = parse_qs(asked.get("QUERY_STRING", ""))
        check(
            asked["REQUEST_METHOD"].lower(),
            asked.get("PATH_INFO", "/"),
            response,
            # Who chooses keys knows that the others are missing.
            is_partial="include" in query,
        )
        return response


def check(method: str, path: str, response: Any, *, is_partial: bool = False) -> None:
    if method not in METHODS or response.status_code in SERVER_ERRORS or not path.startswith("/api/"):
        return
    operation = operation_at(method, path if path.endswith("/") else f"{path}/")
    if operation is None:
        return
    problems = list(problems_of(operation, response, is_partial=is_partial))
    if problems:
        told = "\n  ".join(problems[:MAX_PROBLEMS])
        what = f"{method.upper()} {operation.path} answered {response.status_code}"
        _report(f"{what}, and the OpenAPI document says otherwise:\n  {told}")


def _report(difference: str) -> None:
    if COLLECTED_IN is None:
        raise AssertionError(difference)
    with Path(COLLECTED_IN).open("a") as collected:
        collected.write(f"{difference}\n")


# --- finding the operation -------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    path: str
    method: str
    pointer: str

    @property
    def responses(self) -> dict[str, Any]:
        return document()["paths"][self.path][self.method]["responses"]


@cache
def _addresses() -> list[tuple[re.Pattern[str], str]]:
    """Those with the fewest parameters first: `/api/projects/counts/` is not a project."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in paths]


@cache
def _operation(method: str, path: str) -> Operation | None:
    if method not in document()["paths"][path]:
        return None
    return Operation(path, method, f"/paths/{_escaped(path)}/{method}")


def operation_at(method: str, path: str) -> Operation | None:
    """None where the document has no such address, or no such method: those answers are 404 and 405."""
    for pattern, template in _addresses():
        if pattern.fullmatch(path) and (found := _operation(method, template)):
            return found
    return None


# --- comparing -------------------------------------------------------------------------------------


def problems_of(operation: Operation, response: Any, *, is_partial: bool = False) -> Iterator[str]:
    status = str(response.status_code)
    if response.status_code == 405:
        return
    described, pointer = _resolved(operation, status)
    if described is None:
        yield f"status {status} is not described: {_start(response)}"
        return
    yield from _headers(response, described)
    yield from _body(response, described, pointer, is_partial)


def _resolved(operation: Operation, status: str) -> tuple[dict[str, Any] | None, str]:
    described = operation.responses.get(status)
    if described and "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        return document()["components"]["responses"][name], f"/components/responses/{name}"
    return described, f"{operation.pointer}/responses/{status}"


def _headers(response: Any, described: dict[str, Any]) -> Iterator[str]:
    known = USUAL_HEADERS | {name.lower() for name in described.get("headers", {})}
    for name in response.headers:
        if name.lower() not in known:
            yield f"header {name} is not described"


def _body(response: Any, described: dict[str, Any], pointer: str, is_partial: bool) -> Iterator[str]:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    content = described.get("content")
    if not content:
        if not response.streaming and response.content:
            yield f"no body is described: {_start(response)}"
    elif kind not in content:
        yield f"media type {kind or 'none'} is not described: {_start(response)}"
    elif kind == "application/json" and not response.streaming:
        zipped = response.headers.get("Content-Encoding") == "gzip"
        sent = gzip.decompress(response.content) if zipped else response.content
        yield from _json(sent, f"{pointer}/content/application~1json/schema", is_partial)


def _json(content: bytes, pointer: str, is_partial: bool) -> Iterator[str]:
    validator = _validator(pointer)
    body = json.loads(content)
    if validator.is_valid(body):
        return
    for error in validator.iter_errors(body):
        if is_partial and "is a required property" in error.message:
            continue
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        yield f"{where or 'the body'}: {str(error.message)[:300]}"


@cache
def _validator(pointer: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{DOCUMENT}#{pointer}"}, registry=_registry(), validate_formats=True
    )


@cache
def _registry() -> Any:
    return jsonschema_rs.Registry([(DOCUMENT, _closed(document()))], draft=jsonschema_rs.Draft202012)


def _closed(schema: Any) -> Any:
    """A client ignores keys that it does not know; here each has to be described."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("unevaluatedProperties" if "allOf" in schema else "additionalProperties", False)
    return closed


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _start(response: Any) -> str:
    return "a stream" if response.streaming else response.content[:200].decode(errors="replace")
