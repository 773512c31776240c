"""Responses for uploaded files: conditional, in ranges, and never acting as a page of this site."""

from collections.abc import Iterator

from django.core.files import File
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe
from rest_framework.request import Request

from tasks.errors import Refused
from tasks.media import INLINE
from tasks.models import Upload

from .ranges import ByteRange, Unsatisfiable, parse_range

CHUNK = 64 * 2**10
PDF = "application/pdf"
# Browsers show no PDF in a sandbox. As a page of its own it can load and run nothing here either way.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
POLICY = "sandbox; default-src 'none'"


def file_response(upload: Upload, request: Request) -> HttpResponseBase:
    """200, 206, 304, 412 or 416. Raises Refused(404) if the file is missing on the disk."""
    response = conditional_response(upload, request) or _content(upload, request)
    return _with_headers(response, upload)


def conditional_response(upload: Upload, request: Request) -> HttpResponse | None:
    """304 or 412, where the client's conditions ask for it."""
    return get_conditional_response(request, etag=_etag(upload), last_modified=_modified(upload))


def _content(upload: Upload, request: Request) -> HttpResponseBase:
    try:
        wanted = (
            parse_range(request.headers.get("Range", ""), upload.size)
            if uses_range(upload, request)
            else None
        )
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"})
    part = wanted or ByteRange(0, upload.size - 1)
    response = StreamingHttpResponse(_chunks(_open(upload), part), status=206 if wanted else 200)
    response["Content-Length"] = str(part.length)
    if wanted:
        response["Content-Range"] = f"bytes {part.first}-{part.last}/{upload.size}"
    return response


def uses_range(upload: Upload, request: Request) -> bool:
    """With If-Range only for this very version: not for another date or a weak tag (RFC 9110 §13.1.5)."""
    if request.method != "GET" or "Range" not in request.headers:
        return False
    expected = request.headers.get("If-Range", "").strip()
    return not expected or expected == _etag(upload) or parse_http_date_safe(expected) == _modified(upload)


def _open(upload: Upload) -> File:
    try:
        return upload.file.storage.open(upload.file.name or "")
    except FileNotFoundError:
        detail = "This file is missing on the server's disk. Upload it again."
        raise Refused("not_found", detail, status=404)


def _chunks(file: File, part: ByteRange) -> Iterator[bytes]:
    with file:
        file.seek(part.first)
        left = part.length
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _with_headers(response: HttpResponseBase, upload: Upload) -> HttpResponseBase:
    content_type, inline = upload.content_type, upload.content_type in INLINE
    if content_type.startswith("text/"):
        content_type = f"{content_type}; charset=utf-8"
    response["Content-Type"] = content_type
    response["Content-Disposition"] = str(content_disposition_header(not inline, upload.name))
    response["Content-Security-Policy"] = PDF_POLICY if upload.content_type == PDF else POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _etag(upload)
    response["Last-Modified"] = http_date(_modified(upload))
    # Only the reader's own browser may keep it, and asks each time whether it may still show it.
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def _etag(upload: Upload) -> str:
    return f'"{upload.sha256}"'


def _modified(upload: Upload) -> int:
    """In seconds, as HTTP dates have no fractions."""
    return int(upload.created_at.timestamp())
