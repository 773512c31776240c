"""The product's settings, and one number that the short run cannot wait for."""

from devserver.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "bench.chaos.apps.ChaosConfig"]  # noqa: F405
