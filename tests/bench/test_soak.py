"""The short form of `make soak`: everybody at random for ten seconds."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serial"), pytest.mark.timeout(300)]
OPTIONS = {"MINUTES": "0.17", "SEED": "1", "THREADS": "12", "TASKS": "20", "LOGS": ""}


def test_nothing_goes_wrong_while_everybody_acts_at_random():
    command, env = [sys.executable, "-m", "bench.soak"], os.environ | OPTIONS

    run = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)

    assert run.stdout, run.stderr
    line = json.loads(run.stdout)
    assert (line["wrong"], line["failures"], line["passed"]) == ({}, [], True)
    assert line["routes_that_succeeded"] > 50
