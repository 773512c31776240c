"""`make clients` against a live server. Its tools live in an environment of their own: CLIENTS_PYTHON."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.factories import build_house
from users.models import ApiToken

GENERATE = Path(__file__).with_name("generate.py")
PYTHON = os.environ.get("CLIENTS_PYTHON", "")
MIN_CALLS = 40


@pytest.mark.skipif(not PYTHON, reason="CLIENTS_PYTHON names no interpreter with openapi-python-client")
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_both_clients_are_generated_type_checked_and_walked_with(live_server, settings, tmp_path):
    settings.MEDIA_ROOT, settings.WEBHOOK_ALLOWED_NETWORKS = tmp_path, ["127.0.0.0/8"]
    house = build_house()
    people = {"lead": house.lead, "reviewer": house.reviewer, "annotator": house.annotator}
    accounts = {name: {"token": ApiToken.issue(user, name="walk")[1]} for name, user in people.items()}
    demo = tmp_path / "demo.json"
    demo.write_text(json.dumps({"base_url": live_server.url, "accounts": accounts}))

    made = subprocess.run(
        [PYTHON, GENERATE, "--demo", demo, "--folder", tmp_path / "clients"], capture_output=True, text=True
    )

    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    ends = [line for line in made.stdout.splitlines() if line.endswith(" calls, 0 failures")]
    assert [int(line.split()[0]) > MIN_CALLS for line in ends] == [True, True]
