"""Which SQL statements a request runs, as PostgreSQL logs them."""

import re
import time
from statistics import median
from typing import Any

from . import load
from .site import ThrowAwaySite

LOGGED = re.compile(r"^web\|LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)", re.MULTILINE)
FRAMING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ", "SELECT set_config")
LOG_ALL = (
    "ALTER SYSTEM SET log_statement = 'all'",
    "ALTER SYSTEM SET log_line_prefix = '%a|'",
    "SELECT pg_reload_conf()",
)
LOG_NONE = ("ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
RELOAD_SECONDS = 0.5


def is_framing(statement: str) -> bool:
    """Begins or ends a transaction, or sets something: counted as any other, and shown beside the sum."""
    return statement.startswith(FRAMING)


def statements_of(
    site: ThrowAwaySite, requests: list[dict[str, Any]], *, warm_up: list[list[dict[str, Any]]]
) -> list[list[str]]:
    """For each request the statements of the web server, which nobody else may ask meanwhile. Clients send
    `warm_up` before, so that caches and connections are as on a busy site."""
    _change_settings(site, LOG_ALL)
    load.run(site.port, warm_up)
    counted = []
    for request in requests:
        with site.postgres.log.open("rb") as log:
            log.seek(0, 2)
            load.run(site.port, [[request]])
            logged = log.read().decode(errors="replace")
        counted.append([" ".join(statement.split()) for statement in LOGGED.findall(logged)])
    _change_settings(site, LOG_NONE)
    return counted


def typical(counted: list[list[str]]) -> list[str]:
    """Those of a request with a median number of them: now and then one fills a cache, too."""
    middle = median(map(len, counted))
    return min(counted, key=lambda statements: abs(len(statements) - middle))


def _change_settings(site: ThrowAwaySite, statements: tuple[str, ...]) -> None:
    with site.connect() as connection:
        for statement in statements:
            connection.execute(statement.encode())
    time.sleep(RELOAD_SECONDS)
