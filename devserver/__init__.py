"""`make run`: supervisor, embedded servers, demo data, webhook sink, register. Not part of production."""

import os

# For this process and every child that it starts.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
