"""One process for what `make run` does around the start: migrate and load before, announce after."""

import http.client
import itertools
import os
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import django
from django.core.management import call_command

READY_SECONDS = 60


def tell(text: str) -> None:
    """The supervisor reads these lines; everything else goes to the log."""
    print(text, file=sys.__stdout__, flush=True)


def is_ready(base_url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait_until_ready(base_url: str, knock: Callable[[], object]) -> None:
    """`knock` sends a job every two seconds: the worker that does one is heard, and beat need not be there yet."""
    deadline = time.monotonic() + READY_SECONDS
    for attempt in itertools.count():
        if attempt % 20 == 0:
            knock()
        if is_ready(base_url):
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"{base_url}/readyz did not answer 200 within {READY_SECONDS} seconds.")
        time.sleep(0.1)


def main() -> None:
    django.setup()
    from reviewsite.jobs import heartbeat
    from reviewsite.models import Heartbeat

    sys.stdout = sys.stderr
    tell("bringing the database up to date")
    call_command("migrate")
    tell("loading the demo, where it is not there yet")
    call_command("load_demo", "--prepare")
    # The last run's sign of life says nothing about this one.
    Heartbeat.objects.all().delete()
    tell("prepared")
    wait_until_ready(os.environ["BASE_URL"], heartbeat.delay)
    call_command("load_demo", "--write")


if __name__ == "__main__":
    main()
