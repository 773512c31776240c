"""The id of each request, and what is logged and counted when it is answered."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject, empty

from users.log_context import about, logged_with

from . import metrics

log = logging.getLogger("countersign.access")
HEADER = "X-Request-ID"


class AccessLog:
    """`X-Request-ID` is that of the caller if it is a UUID, else a new one; errors have it as `id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        with logged_with(request_id=request_id_of(request)):
            response = self.get_response(request)
            response[HEADER] = about()["request_id"]
            seconds = time.perf_counter() - started
            metrics.count(request, response.status_code, seconds)
            with logged_with(user_id=person_of(request)):
                said = (request.method, path_of(request), response.status_code, 1000 * seconds)
                log.info("%s %s %s %.0f ms", *said)
        return response


def request_id_of(request: HttpRequest) -> str:
    try:
        return str(uuid.UUID(request.headers.get(HEADER, "")))
    except ValueError:
        return str(uuid.uuid4())


def path_of(request: HttpRequest) -> str:
    """In one line, and without the token of a link for a new password."""
    path = quote(request.path)
    token = request.resolver_match.kwargs.get("token") if request.resolver_match else None
    return path.replace(quote(token), "TOKEN") if token else path


def person_of(request: HttpRequest) -> Any:
    """The id of who is signed in, if the answer asked for it; the log asks the database nothing."""
    person = getattr(request, "user", None)
    if isinstance(person, SimpleLazyObject) and person.__dict__["_wrapped"] is empty:
        return None
    return getattr(person, "pk", None)
