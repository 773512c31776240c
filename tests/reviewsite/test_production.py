"""The product without its development server: `reviewsite.settings` alone starts, migrates and serves."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

# As on a server without the folder: any import of devserver fails.
BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "devserver":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocked())
"""
MIGRATE = """
import runpy
sys.argv = ["manage.py", "migrate", "--verbosity=0"]
runpy.run_path("manage.py", run_name="__main__")
"""
SERVE = """
import reviewsite.wsgi
from django.test import Client
from users.models import User

browser = Client(headers={"host": "localhost"})
browser.force_login(User.objects.create_user("a@example.org"), "users.backends.GuardedPasswordBackend")
pages = {path: browser.get(path) for path in ("/health", "/", "/inbox/", "/accounts/profile/", "/api/docs/")}
assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
assert b"sink" not in pages["/"].content
assert browser.get("/demo/sink/").status_code == 404
"""
CELERY = """
import reviewsite
reviewsite.celery_app.loader.import_default_modules()
assert "reviewsite.jobs.heartbeat" in reviewsite.celery_app.tasks
assert not [name for name in sys.modules if name.startswith("devserver")]
"""


def python(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    unset = {"DEMO", "DEBUG", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}
    env = {name: value for name, value in os.environ.items() if name not in unset} | variables
    command = [sys.executable, "-c", BLOCK + script]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def empty_database(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The URL of a new database on the same server as the test database."""
    name = f"{settings.DATABASES['default']['NAME']}_production"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield urlsplit(os.environ.get("DATABASE_URL", "postgres:///"))._replace(path=f"/{name}").geturl()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_it_migrates_and_serves_without_devserver(empty_database):
    production = {"SECRET_KEY": "long and random", "DATABASE_URL": empty_database}
    for script in (MIGRATE, SERVE, CELERY):
        run = python(script, **production)
        assert run.returncode == 0, run.stderr


def test_it_does_not_start_without_a_secret_key():
    run = python("import reviewsite.wsgi")
    assert run.returncode == 1
    assert "SECRET_KEY is not set" in run.stderr


def test_behind_tls_browsers_are_told_to_stay_there():
    script = """
import reviewsite.wsgi
from django.test import Client
answer = Client().get("/health", headers={"X-Forwarded-Proto": "https"})
assert answer["Strict-Transport-Security"] == "max-age=31536000"
assert "Strict-Transport-Security" not in Client().get("/health")
"""
    ran = python(script, SECRET_KEY="a secret of our own", HTTPS="1")
    assert ran.returncode == 0, ran.stderr
