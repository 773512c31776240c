"""Every address of the site that can be read, from the URL resolver, so that a new route is included."""

import re
from collections.abc import Callable, Iterator

from django.urls import URLResolver, get_resolver

PARAMETER = re.compile(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\))?[^()]*\)|<(?:\w+:)?(\w+)>")


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, Callable]]:
    """Template (`api/projects/<pk>/export/`) and view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            plain = PARAMETER.sub(lambda found: f"<{found[1] or found[2]}>", path)
            yield plain.replace("^", "").replace("$", "").replace("\\.", "."), pattern.callback


def readable() -> list[str]:
    """Templates of those that answer GET."""
    return sorted({template for template, view in routes() if "get" in _methods(view)})


def _methods(view: Callable) -> set[str]:
    if actions := getattr(view, "actions", None):
        return set(actions)
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    # A plain function decides by itself.
    return {name for name in of_class.http_method_names if hasattr(of_class, name)} if of_class else {"get"}
