"""`make run`: supervisor, embedded PostgreSQL and Redis, demo data, webhook sink. Never installed in production."""

import os

# Whatever is started from here, and every process that starts in turn, is the development site.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
