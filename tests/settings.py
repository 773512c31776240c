"""The settings of the tests (`--ds` in pyproject.toml)."""

from devserver.settings import *  # noqa: F403

# First, so that its `flush` command replaces Django's.
INSTALLED_APPS = ["tests.database", *INSTALLED_APPS]  # noqa: F405
# The default hasher takes a quarter of a second for each user.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test client would look through all static files, 300 with the editor's: half of what its requests take.
WHITENOISE_AUTOREFRESH = True
