"""What the pages that host the editor may load, beside the site's own policy."""

from collections.abc import Sequence

from django.http import HttpResponse

# It writes its styles into the page and draws into blobs. Scripts stay ours alone: no inline ones, no eval.
POLICY = {
    "style-src": ["'unsafe-inline'"],
    "img-src": ["blob:"],
    "font-src": ["'self'", "data:"],
    "media-src": ["'self'", "blob:"],
    "worker-src": ["'self'", "blob:"],
}


def policy_for(origins: Sequence[str]) -> dict[str, list[str]]:
    """The editor's inline styles and blobs, and the hosts that pictures and sounds may come from.

    `connect-src` too: the editor fetches sounds and large pictures itself.
    """
    opened = {
        name: [*sources, *origins] if name in ("img-src", "media-src") else sources
        for name, sources in POLICY.items()
    }
    return opened | {"connect-src": ["'self'", "blob:", "data:", *origins]}


def with_origins(response: HttpResponse, origins: Sequence[str]) -> HttpResponse:
    """As csp_update does, with a policy that is known only when the project is."""
    response._csp_update = policy_for(origins)  # type: ignore[attr-defined]
    return response
