"""What happens to a request before any view sees it."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from .errors import error_response

Handler = Callable[[HttpRequest], HttpResponse]
IMPORT_SUFFIXES = ("/import", "/import/")
CHUNK = 64 * 2**10


class EitherSlash:
    """Inside /api/ every route is written with a trailing slash; a request without one is the same request. No redirect."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)


class BodyLimit:
    """Bodies that are too large, or of unknown length (which Django would read as empty), are refused in JSON."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return error_response(
                411, "Send the body with a Content-Length, not in chunks.", "length_required"
            )
        length, limit = _length(request), _limit(request)
        if length <= limit:
            answer = self.get_response(request)
        else:
            answer = error_response(
                413, f"The body is {length} bytes; at most {limit} are taken here.", "too_large"
            )
        _discard(request, length)
        return answer


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _limit(request: HttpRequest) -> int:
    is_import = request.path_info.startswith("/api/projects/") and request.path_info.endswith(IMPORT_SUFFIXES)
    return settings.IMPORT_BODY_LIMIT if is_import else settings.API_BODY_LIMIT


def _discard(request: HttpRequest, length: int) -> None:
    """Read off what no view has read, or the client sees a reset: now, or with the next request on this connection."""
    left = min(length, settings.API_BODY_DISCARD_LIMIT)
    with suppress(UnreadablePostError):
        while left > 0 and (chunk := request.read(min(CHUNK, left))):
            left -= len(chunk)
