"""The shortest run of `make bench`. Its figures mean nothing."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from bench.statements import LOGGED, is_framing

pytestmark = [pytest.mark.xdist_group("serial"), pytest.mark.timeout(180), pytest.mark.slow]


def test_smoke_run_writes_every_row(tmp_path):
    output = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--smoke", "--output", str(output)]

    run = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr[-2000:] + run.stdout[-2000:]
    results = json.loads(output.read_text())
    assert set(results) == {"commit", "cores", "rows"}
    assert [(row["row"], row["unit"], row["aim"]) for row in results["rows"]] == [
        ("accept", "requests/s", 0.09),
        ("bulk", "decisions/s", 1.0),
        ("read", "requests/s", None),
        ("read_vs_health", "requests/s", 0.25),
        ("list", "requests/s", None),
        ("accept_statements", "statements", 10),
        ("read_statements", "statements", 3),
    ]
    for row in results["rows"]:
        assert set(row) == {"row", "figure", "unit", "floor", "ratio", "aim", "met"}
        assert row["figure"] > 0
        assert f"{row['row']} " in run.stdout


def test_statements_are_read_from_the_log_of_the_web_server_alone():
    log = (
        "web|LOG:  statement: BEGIN\n"
        'web|LOG:  execute _pg3_0: INSERT INTO "reviews_review"\n\tVALUES ($1)\n'
        "web|DETAIL:  Parameters: $1 = '1'\n"
        "beat|LOG:  statement: SELECT 1\n"
        "web|LOG:  statement: COMMIT\n"
    )

    statements = LOGGED.findall(log)

    assert statements == ["BEGIN", 'INSERT INTO "reviews_review"\n\tVALUES ($1)', "COMMIT"]
    assert [is_framing(statement) for statement in statements] == [True, False, True]
