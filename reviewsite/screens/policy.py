"""What the pages that host the editor may load. Scripts stay ours alone."""

from django.http import HttpResponse

from tasks.models import Project

from ..labelstudio import POLICY


def policy_of(project: Project) -> dict[str, list[str]]:
    """The editor's inline styles and blobs, and the hosts this project takes its pictures and sounds from.

    `connect-src` too: the editor fetches sounds and large pictures itself.
    """
    origins = list(project.media_origins)
    opened = {name: [*sources, *origins] if name in ("img-src", "media-src") else sources for name, sources in POLICY.items()}
    return opened | {"connect-src": ["'self'", "blob:", "data:", *origins]}


def with_policy_of(project: Project, response: HttpResponse) -> HttpResponse:
    """As csp_update does, with a policy that is known only when the project is."""
    response._csp_update = policy_of(project)  # type: ignore[attr-defined]
    return response
