"""Request middleware: language of the reader, trailing slashes and body limits of the API, time zone of the
admin."""

import re
from collections.abc import Callable
from contextlib import nullcontext, suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from users.sentences import read_in
from users.sentences import sentence as _
from users.zones import zone_of

from .body_limits import body_limit
from .errors import error_response

Handler = Callable[[HttpRequest], HttpResponse]
CHUNK = 64 * 2**10
# Routes whose answers have a secret: tokens, sign-ins, the secrets of endpoints, signed addresses.
SECRETS = re.compile(
    r"/(?:token|tokens|reset-token|login|webhooks|sessions|sign|sign-many|review-queue|invite)(?:/|$)"
)


class ReaderLanguage:
    """Sentences are answered in the language of the cookie, or else of Accept-Language, or else in English.

    In the API REST framework's own sentences, too. Pages keep their language: only part of their texts has
    Chinese.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        is_api = request.path_info.startswith("/api/")
        with read_in(language), translation.override(language) if is_api else nullcontext():
            answer = self.get_response(request)
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        if is_json and (is_api or answer.status_code >= 400):
            answer.headers.setdefault("Content-Language", language)
        if is_api or answer.status_code >= 400:
            patch_vary_headers(answer, ("Accept-Language", "Cookie"))
        return answer


class EitherSlash:
    """Below /api/ a request without a trailing slash is served as if it had one, without a redirect."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


class BodyLimit:
    """Refuses, in JSON, bodies that are too large or of unknown length. (Django reads the latter as
    empty.)"""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return error_response(
                411,
                _("Send the body with a Content-Length header; chunked encoding is not supported."),
                "length_required",
            )
        length, limit = _length(request), body_limit(request.path_info)
        if length <= limit:
            answer = self.get_response(request)
        else:
            answer = error_response(
                413,
                _("The body has %(length)s bytes; the limit here is %(limit)s.", length=length, limit=limit),
                "too_large",
            )
        _discard(request, length)
        return answer


class GzipApi(GZipMiddleware):
    """Compresses JSON of the API, for clients whose proxy does not.

    Not what holds a secret: its length would tell of it together with what the request repeats (BREACH). Nor
    streams, which are exports: they are compressed where they are made, or downloaded as they are.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_json = response.get("Content-Type", "").startswith("application/json")
        is_open = request.path_info.startswith("/api/") and not SECRETS.search(request.path_info)
        if not (is_json and is_open) or response.streaming:
            return response
        return super().process_response(request, response)


class AdminTimezone:
    """The admin shows times in the reader's time zone."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/") or not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zone_of(request.user.timezone)):
            return self.get_response(request)


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _discard(request: HttpRequest, length: int) -> None:
    """Read what no view has read, or the client gets a connection reset, now or at its next request."""
    left = min(length, settings.API_BODY_DISCARD_LIMIT)
    with suppress(UnreadablePostError):
        while left > 0 and (chunk := request.read(min(CHUNK, left))):
            left -= len(chunk)
