"""What `reviewsite.settings` alone asks for and sets, without the development server."""

import os
import subprocess
import sys

from django.conf import settings

# As on a server without the folder: any import of devserver fails.
BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "devserver":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocked())
"""


def python(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    unset = {"DEMO", "DEBUG", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}
    env = {name: value for name, value in os.environ.items() if name not in unset} | variables
    command = [sys.executable, "-c", BLOCK + script]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)


def test_it_does_not_start_without_a_secret_key():
    run = python("import reviewsite.wsgi")
    assert run.returncode == 1
    assert "SECRET_KEY is not set" in run.stderr


def test_behind_tls_browsers_are_told_to_stay_there():
    script = """
import reviewsite.wsgi
from django.test import Client
answer = Client().get("/api/version/", headers={"X-Forwarded-Proto": "https"})
assert answer["Strict-Transport-Security"] == "max-age=31536000"
assert "Strict-Transport-Security" not in Client().get("/api/version/")
"""
    ran = python(script, SECRET_KEY="a secret of our own", HTTPS="1")
    assert ran.returncode == 0, ran.stderr
