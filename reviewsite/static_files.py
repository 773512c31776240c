"""Static files in production: named by their content, so that browsers keep them for ever, and compressed."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

CSS_URLS = HashedFilesMixin.patterns[0][1][:2]  # not its source maps
MODULE_IMPORTS = (
    (
        r"""(?P<matched>import(?P<names>[^"';]*?)\s*from\s*["'](?P<url>[./][^"']*)["'])""",
        'import%(names)s from "%(url)s"',
    ),
)


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Modules of ours import each other by their new names. Other people's files are taken as they are: their
    source maps are missing, and what they load themselves they load under the old name, which stays."""

    patterns = (("countersign/*.css", CSS_URLS), ("countersign/*.js", MODULE_IMPORTS))
