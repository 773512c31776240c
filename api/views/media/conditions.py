"""What a browser that has the file already asks: is it still the same?"""

from django.utils.http import parse_etags, parse_http_date_safe
from rest_framework.request import Request

from tasks.models import Upload


def is_unchanged(upload: Upload, request: Request) -> bool:
    """If-None-Match, else If-Modified-Since (RFC 9110 §13)."""
    if known := request.headers.get("If-None-Match"):
        tags = [tag.removeprefix("W/") for tag in parse_etags(known)]
        return "*" in tags or _tag(upload) in tags
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and _second(upload) <= since


def wants_part(upload: Upload, request: Request) -> bool:
    """A range counts only while If-Range, where it is sent, names this very file: a weak tag or another date does not."""
    if request.method != "GET" or "Range" not in request.headers:
        return False
    expected = request.headers.get("If-Range", "").strip()
    return not expected or expected == _tag(upload) or parse_http_date_safe(expected) == _second(upload)


def _tag(upload: Upload) -> str:
    return f'"{upload.sha256}"'


def _second(upload: Upload) -> int:
    return int(upload.created_at.timestamp())
