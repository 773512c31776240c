"""The content security policy of pages with the editor, in addition to the site's own."""

from collections.abc import Sequence

from django.http import HttpResponse

# The editor writes inline styles and draws into blobs. Scripts still come from this site only: no inline
# ones, no eval.
POLICY = {
    "style-src": ["'unsafe-inline'"],
    "img-src": ["blob:"],
    "font-src": ["'self'", "data:"],
    "media-src": ["'self'", "blob:"],
    "worker-src": ["'self'", "blob:"],
}


def policy_for(origins: Sequence[str]) -> dict[str, list[str]]:
    """The editor's inline styles and blobs, and the hosts of images, audio and video.

    They are in `connect-src` as well: the editor fetches audio and large images itself.
    """
    sources_by_name = {
        name: [*sources, *origins] if name in ("img-src", "media-src") else sources
        for name, sources in POLICY.items()
    }
    return sources_by_name | {"connect-src": ["'self'", "blob:", "data:", *origins]}


def with_origins(response: HttpResponse, origins: Sequence[str]) -> HttpResponse:
    """Like django-csp's `csp_update`, for a policy that depends on the project."""
    response._csp_update = policy_for(origins)  # type: ignore[attr-defined]
    # The editor embeds PDF files. Uploads have a policy of their own, and can do nothing.
    response._csp_replace = {"object-src": ["'self'", *origins]}  # type: ignore[attr-defined]
    return response
