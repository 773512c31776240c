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


def per_second(postgres: Postgres, script: str, transactions: int, **variables: Any) -> float:
    """Transactions per second of bench/floor/SCRIPT.sql; each client runs `transactions` of them."""
    command: list[str | Path] = [
        postgres.bin / "pgbench",
        *("--no-vacuum", "--protocol=prepared", "--random-seed=1"),
        *(f"--client={CLIENTS}", f"--jobs={THREADS}", f"--transactions={transactions}"),
        *(f"--define={name}={value}" for name, value in variables.items()),
        f"--file={SCRIPTS / script}.sql",
        postgres.url,
    ]
    run = subprocess.run(command, env=postgres.env, capture_output=True, text=True)
    found = PER_SECOND.search(run.stdout)
    if run.returncode or not found or FAILED.search(run.stdout):
        raise SystemExit(f"pgbench failed on {script}.sql:\n{run.stdout}{run.stderr}")
    return float(found[1])


def event_bodies(site: ThrowAwaySite) -> dict[str, str]:
    """The newest body of each event that an accept sends, by the name of pgbench's variable."""
    newest = site.rows(
        "SELECT DISTINCT ON (action) action, body FROM webhooks_event"
        " WHERE action IN ('REVIEW_CREATED', 'ANNOTATION_ACCEPTED', 'TASK_REVIEWED') ORDER BY action, id DESC"
    )
    return {action.lower(): body for action, body in newest}
