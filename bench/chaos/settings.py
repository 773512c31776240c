"""The product's settings, with a lease that a short run can wait for."""

from devserver.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "bench.chaos.apps.ChaosConfig"]  # noqa: F405
