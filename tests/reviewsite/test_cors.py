"""What a page on another origin may read of our answers."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).parents[2]
APPS = (
    "api",
    "audits",
    "crowd",
    "exchange",
    "jobs",
    "labelstudio",
    "pages",
    "reviews",
    "reviewsite",
    "users",
    "webhooks",
)
# `answer["Link"] =`, `headers={"Allow": …}`, `HEADERS = {"X-Tasks-Left-Out": …}`
SET = re.compile(
    r'(?:answer|response)\["([A-Z][A-Za-z]*(?:-[A-Za-z]+)*)"\] = |"((?:X-|Content-|Accept-)[A-Za-z-]+)"\s*:'
)
# Every page may read the first ones. The others are for browsers, or are sent by us to others.
ALWAYS_READABLE = {"Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Last-Modified"}
FOR_BROWSERS = {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "X-Robots-Tag"}
SENT_TO_OTHERS = {"Accept-Encoding", "X-Key"}


def test_every_header_that_we_set_can_be_read_across_origins():
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    found = {name for path in sources for names in SET.findall(path.read_text()) for name in names if name}

    headers = found - ALWAYS_READABLE - FOR_BROWSERS - SENT_TO_OTHERS
    assert {"ETag", "Link", "X-Tasks-Left-Out", "X-Next-Changed-Since", "Content-Disposition"} <= headers
    assert headers - set(settings.CORS_EXPOSE_HEADERS) == set()
