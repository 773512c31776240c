"""Every address of the site that can be read, from the URL resolver, so that a new route is included."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.urls import URLResolver, get_resolver, resolve

from api.views.known_parameters import RefusesUnknown, described

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


def understood(address: str, verb: str = "get") -> str:
    """The address without the parameters that its view does not know, and would refuse."""
    path, query = urlsplit(address)[2:4]
    view = resolve(path).func
    ours = issubclass(getattr(view, "cls", object), RefusesUnknown)
    known = described(view, verb.upper()) if ours else None
    if known is None or not query:
        return address
    sent = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name in known]
    return f"{path}?{urlencode(sent)}" if sent else path


def _methods(view: Callable) -> set[str]:
    if actions := getattr(view, "actions", None):
        return set(actions)
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    # A plain function decides by itself.
    return {name for name in of_class.http_method_names if hasattr(of_class, name)} if of_class else {"get"}
