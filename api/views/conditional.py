"""`If-None-Match` on GET: an answer that the client has already is a 304 without a body."""

import json
from hashlib import blake2b
from typing import Any

from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from tasks.concurrency import ETAG

UNCHANGED = OpenApiResponse(description="`If-None-Match` names the ETag of this answer. No body.")
# What a clock changes, and nobody's doing.
OF_THE_CLOCK = ("created_ago",)


def conditional(request: Request, response: Response) -> Response:
    """With an ETag of all that is in the body, and so of this reader's; or a 304.

    It begins with the number that the response has as its ETag already: `If-Match` reads that and no more.
    """
    number = ETAG.match(response.get("ETag", ""))
    body = json.dumps(_lasting(response.data), cls=JSONEncoder, sort_keys=True)
    digest = blake2b(body.encode(), digest_size=8).hexdigest()
    tag = f'"{number[1]}-{digest}"' if number else f'"{digest}"'
    known = {one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))}
    if known & {tag, "*"}:
        response = Response(status=status.HTTP_304_NOT_MODIFIED)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"  # kept, and asked about each time
    patch_vary_headers(response, ("Authorization", "Cookie"))
    return response


def _lasting(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _lasting(value) for name, value in body.items() if name not in OF_THE_CLOCK}
    return [_lasting(item) for item in body] if isinstance(body, list | tuple) else body
