"""An exception reaches a real HTTP receiver in Sentry's place, and names nobody."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from .test_production import python

FAIL = """
import reviewsite.wsgi
import sentry_sdk
from django.test import Client

def fail(request):
    raise ValueError("broken")

from reviewsite import urls
from django.urls import path
urls.urlpatterns.insert(0, path("fails/", fail))
browser = Client(raise_request_exception=False, headers={"host": "localhost"})
answer = browser.post("/fails/?email=ann@example.org", {"password": "secret words"})
print(answer["X-Request-ID"])
sentry_sdk.flush(10)
"""


@pytest.fixture
def received():
    """The envelopes that arrived, and where to send them."""
    bodies: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            bodies.append((gzip.decompress(body) if zipped else body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield bodies, f"http://key@127.0.0.1:{server.server_port}/1"
    server.shutdown()


def test_an_exception_is_reported_with_the_id_of_its_request_and_nothing_of_people(received):
    bodies, dsn = received

    ran = python(FAIL, SECRET_KEY="a secret of our own", SENTRY_DSN=dsn)

    assert ran.returncode == 0, ran.stderr
    (event,) = [body for body in bodies if "ValueError" in body]
    assert ran.stdout.splitlines()[-1] in event
    assert [
        word for word in ("ann@example.org", "secret words", "a secret of our own") if word in event
    ] == []


def test_without_the_extra_it_says_what_to_install():
    script = "import sys; sys.modules['sentry_sdk'] = None\nimport reviewsite.wsgi"

    ran = python(script, SECRET_KEY="a secret of our own", SENTRY_DSN="http://key@127.0.0.1:9/1")

    assert "SENTRY_DSN needs sentry-sdk: pip install -r requirements-sentry.txt" in ran.stderr
