"""What a configuration shows of task data, and which addresses reach `src` and `href`."""

import re
from pathlib import Path

import pytest

from tasks.shown_data import MISSING, is_loadable, shown_value, value_at

DATA = {"work": {"items": [{"value": "first"}, {"value": "second"}]}, "a.b": "exact", "list": ["x"], "n": 3}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("work.items[0].value", "first"),
        ("work.items[1].value", "second"),
        ("work.items.1.value", "second"),
        ("work.items", DATA["work"]["items"]),
        ("a.b", "exact"),
        ("list[0]", "x"),
        ("list[1]", MISSING),
        ("list[-1]", MISSING),
        ("list.x", MISSING),
        ("work.items[0].value.more", MISSING),
        ("nothing", MISSING),
        ("", DATA),
    ],
)
def test_path_leads_into_the_data(path, found):
    assert value_at(DATA, path) is found or value_at(DATA, path) == found


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("work.items[0].value", "first"),
        ("Item $n of $list[0]", "Item 3 of x"),
        ("costs $9, $work", "costs $9, $work"),
        ("Just words", "Just words"),
    ],
)
def test_text_of_a_tag_is_a_key_or_words_with_keys(value, shown):
    assert shown_value(DATA, value) == shown


@pytest.mark.parametrize(
    "address",
    [
        "https://img.example.org/a b.jpg?x=1&y=2",
        "HTTP://img.example.org/a.jpg",
        "//img.example.org/a.jpg",
        "/data/upload/1/a.jpg",
        "/data/local-files/?d=c:/x.jpg",
        "a/b.jpg",
        "data:image/png;base64,AA==",
        "DATA:audio/wav;base64,AA==",
    ],
)
def test_address_is_loaded(address):
    assert is_loadable(address)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "java\tscript\t:alert(1)",
        "\x01javascript:alert(1)",
        "\ufeffjavascript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html,<script>x()</script>",
        "data:,x",
        "data:application/xhtml+xml,x",
        "s3://bucket/a.jpg",
        "gs://bucket/a.jpg",
        "azure-blob://c/x.png",
        "blob:https://x",
        "c:\\a.jpg",
        "",
        None,
        3,
        ["https://img.example.org/a.jpg"],
    ],
)
def test_address_is_not_loaded(address):
    assert not is_loadable(address)


# What begins a `src` or `href`. `source.value` comes after is_loadable; those of campaigns are http(s)
# or paths, checked at import and again when shown.
FROM_DATA = {"frame.url", "image.url", "video.url", "source.value"}
OURS = {
    "address",
    "back",
    "comments",
    "comments_url",
    "download",
    "fit_address",
    "home",
    "item.link",
    "label_url",
    "link",
    "model_url",
    "one.url",
    "position.address",
    "reports_url",
    "request.get_full_path",
    "request.path",
    "script_url",
    "swagger_ui_bundle",
    "swagger_ui_css",
    "swagger_ui_standalone",
    "topics",
    "topics_url",
}


def test_every_address_in_a_template_is_known():
    begins = re.compile(
        r"""\b(?:src|href|poster|data|action|formaction|srcset|xlink:href)=["']?{{\s*([\w.]+)"""
    )
    pages = [page.read_text() for page in sorted((ROOT / "templates").rglob("*.html"))]

    assert {found for page in pages for found in begins.findall(page)} - OURS == FROM_DATA
