"""An uploaded file as an answer: in parts where asked for, and never as a page that could act in this site's name."""

from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header, http_date
from rest_framework.request import Request

from tasks.errors import Refused
from tasks.media import INLINE
from tasks.models import Upload

from .conditions import is_unchanged, wants_part
from .ranges import Span, Unsatisfiable, asked_span

CHUNK = 64 * 2**10
PDF = "application/pdf"
# Browsers refuse to show a PDF in a sandbox; as a page of its own it can load nothing and run nothing here either way.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
POLICY = "sandbox; default-src 'none'"


def served(upload: Upload, request: Request) -> HttpResponseBase:
    """200, 206, 304 or 416. Raises Refused(404) where the file is gone from the disk."""
    if is_unchanged(upload, request):
        return _with_headers(HttpResponse(status=304), upload)
    try:
        span = (
            asked_span(request.headers.get("Range", ""), upload.size) if wants_part(upload, request) else None
        )
    except Unsatisfiable:
        return _with_headers(
            HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"}), upload
        )
    return _with_headers(_body(upload, span), upload)


def _body(upload: Upload, span: Span | None) -> HttpResponseBase:
    part = span or Span(0, upload.size - 1)
    response = StreamingHttpResponse(_chunks(_opened(upload), part), status=206 if span else 200)
    response["Content-Length"] = str(part.length)
    if span:
        response["Content-Range"] = f"bytes {part.first}-{part.last}/{upload.size}"
    return response


def _opened(upload: Upload) -> BinaryIO:
    try:
        return upload.file.storage.open(upload.file.name)
    except FileNotFoundError:
        raise Refused(
            "not_found", "This file is gone from the disk of the site. Upload it again.", status=404
        )


def _chunks(file: BinaryIO, part: Span) -> Iterator[bytes]:
    with file:
        file.seek(part.first)
        left = part.length
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _with_headers(response: HttpResponseBase, upload: Upload) -> HttpResponseBase:
    """Kept by the reader's own browser alone, which asks each time whether it may still show it."""
    inline = upload.content_type in INLINE
    response["Content-Type"] = _content_type(upload)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=not inline, filename=upload.name
    )
    response["Content-Security-Policy"] = PDF_POLICY if upload.content_type == PDF else POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{upload.sha256}"'
    response["Last-Modified"] = http_date(upload.created_at.timestamp())
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def _content_type(upload: Upload) -> str:
    return (
        f"{upload.content_type}; charset=utf-8"
        if upload.content_type.startswith("text/")
        else upload.content_type
    )
