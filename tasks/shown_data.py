"""What a label configuration shows of a task's data, and whether a page may load it."""

import re
from typing import Any

STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,9})\]")
VARIABLE = re.compile(r"\$([\w\-]+(?:\.[\w\-]+|\[\d{1,9}\])*)")
# Browsers ignore these where an address begins, and some of them anywhere in its scheme.
IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
MEDIA_TYPES = re.compile(r"data:(image|audio|video)/", re.IGNORECASE)
MISSING = object()


def value_at(data: Any, path: str) -> Any:
    """`work.items[0].value` of the data; a key of exactly this name comes first. MISSING if it has none."""
    if isinstance(data, dict) and path in data:
        return data[path]
    for key, number in STEP.findall(path):
        if key and isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, list) and (number or key.isascii() and key.isdigit()):
            at = int(number or key)
            data = data[at] if at < len(data) else MISSING
        else:
            return MISSING
    return data


def shown_value(data: Any, value: str) -> Any:
    """Of a tag's `value` without its `$`: what is there in the data, or else the text, with `$keys` in it
    replaced."""
    found = value_at(data, value)
    return VARIABLE.sub(lambda named: _text_at(data, named), value) if found is MISSING else found


def _text_at(data: Any, named: re.Match) -> str:
    found = value_at(data, named[1])
    return named[0] if found is MISSING or isinstance(found, dict | list) else str(found)


def is_loadable(address: Any) -> bool:
    """Whether a page may have it in `src` or `href`: http and https, a path, or media as `data:`.

    Nothing that runs (`javascript:`, `data:text/html`), and nothing that a browser cannot load from a server
    (`file:`, `s3:`, `gs:`).
    """
    if not isinstance(address, str) or not address:
        return False
    bare = IGNORED.sub("", address)
    scheme = SCHEME.match(bare)
    return scheme is None or scheme[0].lower() in ("http:", "https:") or MEDIA_TYPES.match(bare) is not None
