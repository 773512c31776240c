"""Settings of every test; the people and objects of the tests are in tests/factories.py."""

import os

from django.conf import settings


def pytest_configure() -> None:
    # The real hasher takes a quarter of a second for each user.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # One Redis serves all processes of xdist; the variable is for workers that a test starts.
    prefix = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"
    os.environ["REDIS_PREFIX"] = prefix
    settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = prefix
