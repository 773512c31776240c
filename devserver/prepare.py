"""Part of `make run`, as one process: migrate and load the demo, wait for the site, write demo.json."""

import http.client
import itertools
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import django
from django.core.management import call_command

READY_SECONDS = 60


def report(text: str) -> None:
    """A line for the supervisor to read and print; all other output goes to the log."""
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


def wait_until_ready(
    base_url: str, send_heartbeat: Callable[[], object], is_heard: Callable[[], bool]
) -> None:
    """Beat has not started yet, so the first pool's heartbeat is sent here every two seconds."""
    deadline = time.monotonic() + READY_SECONDS
    for attempt in itertools.count():
        if attempt % 20 == 0:
            send_heartbeat()
        if is_heard() and is_ready(base_url):
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"{base_url} and a worker did not answer within {READY_SECONDS} seconds.")
        time.sleep(0.1)


def main() -> None:
    django.setup()
    # After setup: these need the apps.
    from devserver.demo import load
    from reviewsite.jobs import heartbeat
    from reviewsite.models import Heartbeat

    # What migrate and others print belongs in the log.
    sys.stdout = sys.stderr
    report("migrating the database")
    call_command("migrate")
    report("loading the demo data, unless it is already there")
    load.load_demo()
    # A heartbeat of the previous run must not make this one look ready.
    Heartbeat.objects.all().delete()
    report("prepared")
    load.load_audit()  # while the web server starts
    send = partial(heartbeat.apply_async, ("deliver",), queue="deliver")
    wait_until_ready(os.environ["BASE_URL"], send, Heartbeat.objects.exists)
    load.write_demo_file()


if __name__ == "__main__":
    main()
