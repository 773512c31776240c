"""Responses for media files: conditional, in ranges, and never acting as a page of this site."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe
from rest_framework.request import Request

from tasks.errors import Refused
from tasks.media import INLINE
from users.sentences import sentence as _

from .ranges import ByteRange, Unsatisfiable, parse_range

CHUNK = 64 * 2**10
PDF = "application/pdf"
# Browsers show no PDF in a sandbox. As a page of its own it can load and run nothing here either way.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
POLICY = "sandbox; default-src 'none'"


@dataclass(frozen=True)
class MediaFile:
    """What is sent. `tag` differs whenever the content does; `modified` is in seconds, as HTTP dates have no
    fractions; `open` raises FileNotFoundError if it is missing on the disk."""

    name: str
    content_type: str
    size: int
    tag: str
    modified: int
    open: Callable[[], IO[bytes]]

    @property
    def etag(self) -> str:
        return f'"{self.tag}"'


def file_response(file: MediaFile, request: Request | HttpRequest) -> HttpResponseBase:
    """200, 206, 304, 412 or 416. Raises Refused(404) if the file is missing on the disk."""
    response = conditional_response(file, request) or _content(file, request)
    return _with_headers(response, file)


def conditional_response(file: MediaFile, request: Request | HttpRequest) -> HttpResponse | None:
    """304 or 412, where the client's conditions ask for it."""
    return get_conditional_response(request, etag=file.etag, last_modified=file.modified)


def _content(file: MediaFile, request: Request | HttpRequest) -> HttpResponseBase:
    try:
        wanted = (
            parse_range(request.headers.get("Range", ""), file.size) if uses_range(file, request) else None
        )
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    part = wanted or ByteRange(0, file.size - 1)
    response = StreamingHttpResponse(_chunks(_open(file), part), status=206 if wanted else 200)
    response["Content-Length"] = str(part.length)
    if wanted:
        response["Content-Range"] = f"bytes {part.first}-{part.last}/{file.size}"
    return response


def uses_range(file: MediaFile, request: Request | HttpRequest) -> bool:
    """With If-Range only for this very version: not for another date or a weak tag (RFC 9110 §13.1.5)."""
    if request.method != "GET" or "Range" not in request.headers:
        return False
    expected = request.headers.get("If-Range", "").strip()
    return not expected or expected == file.etag or parse_http_date_safe(expected) == file.modified


def _open(file: MediaFile) -> IO[bytes]:
    try:
        return file.open()
    except FileNotFoundError:
        detail = _("This file is missing on the server's disk. Upload it again.")
        raise Refused("not_found", detail, status=404)


def _chunks(file: IO[bytes], part: ByteRange) -> Iterator[bytes]:
    with file:
        file.seek(part.first)
        left = part.length
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _with_headers(response: HttpResponseBase, file: MediaFile) -> HttpResponseBase:
    content_type, inline = file.content_type, file.content_type in INLINE
    if content_type.startswith("text/"):
        content_type = f"{content_type}; charset=utf-8"
    response["Content-Type"] = content_type
    response["Content-Disposition"] = str(content_disposition_header(not inline, file.name))
    response["Content-Security-Policy"] = PDF_POLICY if file.content_type == PDF else POLICY
    if file.content_type == PDF:
        response["X-Frame-Options"] = "SAMEORIGIN"  # our pages embed it, as the editor does
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = file.etag
    response["Last-Modified"] = http_date(file.modified)
    # Only the reader's own browser may keep it, and asks each time whether it may still show it.
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response
