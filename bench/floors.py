"""The floors: the same rows read, locked and written by pgbench, with no web server in the way."""

import re
import subprocess
from pathlib import Path
from typing import Any

from devserver.embedded import Postgres

from .site import ThrowAwaySite

SCRIPTS = Path(__file__).parent / "floor"
CLIENTS, THREADS = 4, 2
PER_SECOND = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: [1-9]", re.MULTILINE)


def run(postgres: Postgres, script: str, transactions: int, **variables: Any) -> tuple[int, float]:
    """Each client runs `transactions` of bench/floor/SCRIPT.sql: their number, and how many per second."""
    command: list[str | Path] = [
        postgres.bin / "pgbench",
        *("--no-vacuum", "--protocol=prepared", "--random-seed=1"),
        *(f"--client={CLIENTS}", f"--jobs={THREADS}", f"--transactions={transactions}"),
        *(f"--define={name}={value}" for name, value in variables.items()),
        f"--file={SCRIPTS / script}.sql",
        postgres.url,
    ]
    pgbench = subprocess.run(command, env=postgres.env, capture_output=True, text=True)
    found = PER_SECOND.search(pgbench.stdout)
    if pgbench.returncode or not found or FAILED.search(pgbench.stdout):
        raise SystemExit(f"pgbench failed on {script}.sql:\n{pgbench.stdout}{pgbench.stderr}")
    return CLIENTS * transactions, float(found[1])


def event_bodies(site: ThrowAwaySite) -> dict[str, str]:
    """The newest body of each event that an accept sends, by the name of pgbench's variable."""
    newest = site.rows(
        "SELECT DISTINCT ON (action) action, body FROM webhooks_event"
        " WHERE action IN ('REVIEW_CREATED', 'ANNOTATION_ACCEPTED', 'TASK_REVIEWED') ORDER BY action, id DESC"
    )
    return {action.lower(): body for action, body in newest}
