"""The short form of `make chaos F=F1`: everything is killed once while 300 decisions are made."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from devserver.embedded import redis_binary

pytestmark = [
    pytest.mark.slow,  # half a minute; the harness itself has tests beside this one
    pytest.mark.xdist_group("serial"),
    pytest.mark.timeout(600),
    pytest.mark.skipif(redis_binary() is None, reason="no redis-server on this machine"),
]
DECISIONS, KILLS, ENDPOINTS = 300, 5, 3
# With the product's lease of 30 s this would mostly wait.
OPTIONS = {"F": "F1", "SEED": "1", "N": str(DECISIONS), "KILLS": str(KILLS), "LEASE": "8", "NAIVE": ""}


def lines_of_chaos() -> list[dict[str, Any]]:
    command, env = [sys.executable, "-m", "bench.chaos"], os.environ | OPTIONS
    run = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)
    assert run.stdout, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_kills_lose_nothing_repeat_nothing_and_invent_nothing():
    (line,) = lines_of_chaos()

    expected = {
        "kills": KILLS,
        "flushes": 3,
        "decisions": DECISIONS,
        "acknowledged": DECISIONS,
        "events": DECISIONS * ENDPOINTS,
        "refused": 0,
        "acknowledged_but_missing": 0,
        "decided_twice": 0,
        "lost": 0,
        "phantom": 0,
        "two_bodies": 0,
    }
    assert {name: line[name] for name in expected} == expected
    assert line["drained_seconds"] is not None, line
