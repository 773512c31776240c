"""Responses for uploaded files: ranges, conditions, and headers that keep a file from acting as a page."""

from datetime import UTC, datetime

import pytest
from django.test import RequestFactory

from api.views.media.ranges import ByteRange, Unsatisfiable, parse_range
from api.views.media.responses import conditional_response, uses_range
from api.views.media.views import media_file
from tasks.models import Upload
from tests.factories import CHOICES, client_of, project

from .conftest import PICTURE, a_file, imported

SIZE = len(PICTURE)


def got(house, upload, method: str = "get", **headers):
    response = getattr(client_of(house.annotator), method)(upload.path, headers=headers)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response, body


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("", None),
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=240-", (240, 247)),
        ("bytes=-5", (243, 247)),
        ("bytes=-9999", (0, 247)),
        ("bytes=200-9999", (200, 247)),
        ("Bytes=0-1", (0, 1)),
        ("bytes=248-", Unsatisfiable),
        ("bytes=-0", Unsatisfiable),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=²-", None),
        ("bytes=" + "9" * 19 + "-", None),
    ],
)
def test_one_range_counts_and_nonsense_does_not(asked, span):
    if span is Unsatisfiable:
        with pytest.raises(Unsatisfiable):
            parse_range(asked, SIZE)
    else:
        assert parse_range(asked, SIZE) == (ByteRange(*span) if span else None)


def test_parts_are_served(house, picture):
    response, body = got(house, picture.upload, range="bytes=10-19")
    assert (response.status_code, body) == (206, PICTURE[10:20])
    assert (response["Content-Range"], response["Content-Length"]) == (f"bytes 10-19/{SIZE}", "10")
    assert response["Accept-Ranges"] == "bytes"

    response, body = got(house, picture.upload, range=f"bytes={SIZE}-")
    assert (response.status_code, body, response["Content-Range"]) == (416, b"", f"bytes */{SIZE}")

    response, body = got(house, picture.upload)
    assert (response.status_code, body, response["Content-Length"]) == (200, PICTURE, str(SIZE))
    assert "Content-Range" not in response


def test_a_head_says_the_size(house, picture):
    response = client_of(house.annotator).head(picture.upload.path, headers={"range": "bytes=0-1"})
    assert (response.status_code, response["Content-Length"]) == (200, str(SIZE))


# --- conditions -----------------------------------------------------------------------------------

CAT = media_file(
    Upload(name="cat.png", sha256="ab" * 32, created_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))
)
TAG, DATE, LONG_AGO = CAT.etag, "Fri, 02 Jan 2026 03:04:05 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"


def asking(method: str = "get", **headers):
    return getattr(RequestFactory(), method)("/", headers=headers)


@pytest.mark.parametrize(
    ("condition", "counts"),
    [
        ("", True),
        (TAG, True),
        (f"W/{TAG}", False),
        ('"x"', False),
        (DATE, True),
        (LONG_AGO, False),
        ("x", False),
    ],
)
def test_a_range_counts_while_if_range_names_this_very_file(condition, counts):
    assert uses_range(CAT, asking(**{"Range": "bytes=0-1", "If-Range": condition})) is counts


@pytest.mark.parametrize(
    ("headers", "unchanged"),
    [
        ({}, False),
        ({"If-None-Match": TAG}, True),
        ({"If-None-Match": f"W/{TAG}"}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": f'"x", {TAG}'}, True),
        ({"If-None-Match": '"x"'}, False),
        ({"If-None-Match": '"x"', "If-Modified-Since": DATE}, False),
        ({"If-Modified-Since": DATE}, True),
        ({"If-Modified-Since": LONG_AGO}, False),
        ({"If-Modified-Since": "yesterday"}, False),
    ],
)
def test_the_same_file_is_unchanged(headers, unchanged):
    response = conditional_response(CAT, asking(**headers))

    assert (response.status_code if response else None) == (304 if unchanged else None)


def test_another_version_than_expected_is_412():
    assert conditional_response(CAT, asking(**{"If-Match": '"x"'})).status_code == 412
    assert conditional_response(CAT, asking(**{"If-Match": TAG})) is None


def test_an_unchanged_file_is_not_sent_again(house, picture):
    tag = f'"{picture.upload.sha256}"'
    response, body = got(house, picture.upload, **{"if-none-match": tag, "range": "bytes=0-1"})
    assert (response.status_code, body, response["ETag"]) == (304, b"", tag)
    response, body = got(house, picture.upload, **{"range": "bytes=0-1", "if-range": '"another"'})
    assert (response.status_code, body) == (200, PICTURE)


def test_headers_of_a_picture(house, picture):
    response, _ = got(house, picture.upload)
    assert {
        name: response[name] for name in ("Content-Type", "Content-Disposition", "Content-Security-Policy")
    } == {
        "Content-Type": "image/png",
        "Content-Disposition": f'inline; filename="{picture.upload.name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))


def test_our_pages_may_embed_a_document_and_nothing_else(house, picture):
    documents = project(lead=house.lead, label_config='<View><Pdf name="pdf" value="$pdf"/></View>')
    imported(documents, house.lead, a_file("a.pdf", b"%PDF-1.7"))
    client = client_of(house.lead)

    paper, image = client.get(documents.uploads.get().path), client.get(picture.upload.path)

    assert (paper["X-Frame-Options"], image["X-Frame-Options"]) == ("SAMEORIGIN", "DENY")
    assert "frame-ancestors 'self'" in paper["Content-Security-Policy"]


def test_what_could_act_as_a_page_is_for_download(house):
    # A text that is shown by its address is a file like the others.
    made = project(lead=house.lead, label_config=CHOICES.replace("<Text ", '<Text valueType="url" '))
    files = {
        "a.html": (b"<script>alert(1)</script>", "text/html; charset=utf-8", "attachment"),
        "a.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "attachment"),
        "a.xml": (b"<?xml version='1.0'?><a/>", "application/xml", "attachment"),
        "a.pdf": (b"%PDF-1.7", "application/pdf", "inline"),
        "a.mp3": (b"ID3\x04", "audio/mpeg", "inline"),
        "a.txt": (b"line", "text/plain; charset=utf-8", "inline"),
    }
    imported(made, house.lead, *(a_file(name, content) for name, (content, *_) in files.items()))
    client = client_of(house.lead)

    for upload, (_, content_type, disposition) in zip(made.uploads.all(), files.values(), strict=True):
        response = client.get(upload.path)
        assert response["Content-Type"] == content_type
        assert response["Content-Disposition"].startswith(f"{disposition};")
        assert response["X-Content-Type-Options"] == "nosniff"


def test_a_row_of_another_type_is_for_download(house, picture):
    picture.upload.content_type = "application/x-unknown"
    picture.upload.save()
    response, _ = got(house, picture.upload)
    assert response["Content-Disposition"].startswith("attachment;")


def test_a_file_gone_from_the_disk_says_so(house, picture, folder):
    (folder / picture.upload.file.name).unlink()
    response, _ = got(house, picture.upload)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
