"""`make run`: supervisor, embedded PostgreSQL and Redis, demo data, webhook sink. Not part of production."""

import os

# For this process and every child that it starts.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
