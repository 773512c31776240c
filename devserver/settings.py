"""The product's settings, and this app, which production does not install."""

from reviewsite.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "devserver"]  # noqa: F405
ROOT_URLCONF = "devserver.urls"
