"""The short form of `make chaos`: everything is killed once while 300 decisions are made. The long form is `make chaos F=F1`."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from devserver.embedded import redis_binary

pytestmark = [
    pytest.mark.xdist_group("serial"),
    pytest.mark.timeout(600),
    pytest.mark.skipif(redis_binary() is None, reason="no redis-server on this machine"),
]
DECISIONS, KILLS, ENDPOINTS = 300, 5, 3
# A lease of the product's length would be most of the time that this takes.
ASKED = {"F": "F1", "SEED": "1", "N": str(DECISIONS), "KILLS": str(KILLS), "LEASE": "8", "NAIVE": ""}


def lines_of_chaos(**asked: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.chaos"]
    run = subprocess.run(
        command, cwd=settings.BASE_DIR, env=os.environ | ASKED | asked, capture_output=True, text=True
    )
    assert run.stdout, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_kills_lose_nothing_repeat_nothing_and_invent_nothing():
    (line,) = lines_of_chaos()

    told = {
        name: line[name] for name in ("kills", "flushes", "decisions", "acknowledged", "events", "refused")
    }
    wrong = {
        name: line[name]
        for name in ("acknowledged_but_missing", "decided_twice", "lost", "phantom", "two_bodies")
    }
    assert told == {
        "kills": KILLS,
        "flushes": 3,
        "decisions": DECISIONS,
        "acknowledged": DECISIONS,
        "events": DECISIONS * ENDPOINTS,
        "refused": 0,
    }
    assert wrong == dict.fromkeys(wrong, 0), line
    assert line["drained_seconds"] is not None, line
