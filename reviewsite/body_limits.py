"""How large the body of a request may be. The web server asks before it receives one, middleware after."""

from django.conf import settings

IMPORT_SUFFIXES = ("/import", "/import/")


def body_limit(path: str) -> int:
    """In bytes. `path` is decoded and has no query."""
    is_import = path.startswith("/api/projects/") and path.endswith(IMPORT_SUFFIXES)
    return settings.IMPORT_BODY_LIMIT if is_import else settings.API_BODY_LIMIT
