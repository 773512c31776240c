"""What an uploaded file is answered with: parts, conditions, and headers that keep it from acting as a page."""

import pytest
from django.utils.http import http_date

from tests.factories import CHOICES, client_of, project

from .conftest import PICTURE, a_file, imported

SIZE = len(PICTURE)


def got(house, upload, method: str = "get", **headers):
    response = getattr(client_of(house.annotator), method)(upload.path, headers=headers)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response, body


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        (None, 200, slice(None), None),
        ("bytes=0-0", 206, slice(0, 1), f"bytes 0-0/{SIZE}"),
        ("bytes=10-19", 206, slice(10, 20), f"bytes 10-19/{SIZE}"),
        ("bytes=240-", 206, slice(240, None), f"bytes 240-247/{SIZE}"),
        ("bytes=-5", 206, slice(-5, None), f"bytes 243-247/{SIZE}"),
        ("bytes=-9999", 206, slice(None), f"bytes 0-247/{SIZE}"),
        ("bytes=200-9999", 206, slice(200, None), f"bytes 200-247/{SIZE}"),
        ("Bytes=0-1", 206, slice(0, 2), f"bytes 0-1/{SIZE}"),
        ("bytes=248-", 416, None, f"bytes */{SIZE}"),
        ("bytes=-0", 416, None, f"bytes */{SIZE}"),
        ("bytes=5-2", 200, slice(None), None),
        ("bytes=-", 200, slice(None), None),
        ("bytes=0-1,5-6", 200, slice(None), None),
        ("lines=0-1", 200, slice(None), None),
        ("bytes=a-b", 200, slice(None), None),
        ("bytes=²-", 200, slice(None), None),
    ],
)
def test_ranges(house, picture, asked, status, part, said):
    response, body = got(house, picture.upload, **({"range": asked} if asked else {}))

    assert response.status_code == status
    assert response.get("Content-Range") == said
    assert body == (b"" if part is None else PICTURE[part])
    assert response["Accept-Ranges"] == "bytes"
    if part:
        assert response["Content-Length"] == str(len(body))


def test_a_head_says_the_size(house, picture):
    response = client_of(house.annotator).head(picture.upload.path, headers={"range": "bytes=0-1"})
    assert (response.status_code, response["Content-Length"]) == (200, str(SIZE))


@pytest.mark.parametrize(
    ("condition", "status"),
    [("{tag}", 206), ("W/{tag}", 200), ('"another"', 200), ("{date}", 206), ("Sat, 01 Jan 2000 00:00:00 GMT", 200), ("x", 200)],
)
def test_if_range_counts_for_this_very_file_only(house, picture, condition, status):
    tag, date = f'"{picture.upload.sha256}"', http_date(picture.upload.created_at.timestamp())
    response, _ = got(house, picture.upload, **{"range": "bytes=0-1", "if-range": condition.format(tag=tag, date=date)})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("if-none-match", "{tag}", 304),
        ("if-none-match", "W/{tag}", 304),
        ("if-none-match", "*", 304),
        ("if-none-match", '"x", {tag}', 304),
        ("if-none-match", '"x"', 200),
        ("if-modified-since", "{date}", 304),
        ("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT", 200),
        ("if-modified-since", "yesterday", 200),
    ],
)
def test_an_unchanged_file_is_not_sent_again(house, picture, header, value, status):
    tag, date = f'"{picture.upload.sha256}"', http_date(picture.upload.created_at.timestamp())
    response, body = got(house, picture.upload, **{header: value.format(tag=tag, date=date)})
    assert response.status_code == status
    assert body == (PICTURE if status == 200 else b"")
    assert response["ETag"] == tag


def test_headers_of_a_picture(house, picture):
    response, _ = got(house, picture.upload)
    assert {name: response[name] for name in ("Content-Type", "Content-Disposition", "Content-Security-Policy")} == {
        "Content-Type": "image/png",
        "Content-Disposition": f'inline; filename="{picture.upload.name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))


@pytest.mark.parametrize(
    ("file", "content_type", "disposition"),
    [
        (a_file("a.html", b"<script>alert(1)</script>"), "text/html; charset=utf-8", "attachment"),
        (a_file("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "image/svg+xml", "attachment"),
        (a_file("a.xml", b"<?xml version='1.0'?><a/>"), "application/xml", "attachment"),
        (a_file("a.pdf", b"%PDF-1.7"), "application/pdf", "inline"),
        (a_file("a.mp3", b"ID3\x04"), "audio/mpeg", "inline"),
        (a_file("a.txt", b"line"), "text/plain; charset=utf-8", "inline"),
    ],
)
def test_what_could_act_as_a_page_is_for_download(house, file, content_type, disposition):
    made = project(lead=house.lead, label_config=CHOICES)
    imported(made, house.lead, file)
    response = client_of(house.lead).get(made.uploads.get().path)
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
