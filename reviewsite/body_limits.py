"""How large the body of a request may be. The web server asks before it receives one, middleware after."""

import re

from django.conf import settings

IMPORT_SUFFIXES = ("/import", "/import/")
# The forms of the admin that take files, such as /admin/crowd/campaign/7/restore/.
FILE_FORMS = re.compile(
    r"/admin/(crowd/campaign/(add|[0-9]+/(import|restore|images))|audits/dataset/add)/\Z", re.ASCII
)


def body_limit(path: str) -> int:
    """In bytes. `path` is decoded and has no query."""
    is_import = path.startswith("/api/projects/") and path.endswith(IMPORT_SUFFIXES)
    takes_files = is_import or FILE_FORMS.match(path)
    return settings.IMPORT_BODY_LIMIT if takes_files else settings.API_BODY_LIMIT
