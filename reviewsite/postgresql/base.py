"""Django's PostgreSQL backend with a cheaper check of persistent connections, generic plans for prepared
statements, and a lock_timeout.
"""

import select
from time import monotonic
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

# A connection that was used more recently than this is checked without `SELECT 1`.
IDLE_SECONDS = 5.0
# For prepared statements (tasks.sql.run), which look rows up by primary keys. By default PostgreSQL would
# plan them for every execution: for one known key a plan looks cheaper than the generic one, which expects
# ten.
GENERIC_PLANS = "-c plan_cache_mode=force_generic_plan"


class DatabaseWrapper(base.DatabaseWrapper):
    # Set by reviewsite.wsgi for all connections of the process. None, as in jobs and commands: no limit.
    lock_timeout_ms: int | None = None
    _checked_at = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        options = [params.get("options", "")]
        if settings.PREPARE_STATEMENTS:
            options.append(GENERIC_PLANS)
        if self.lock_timeout_ms:
            options.append(f"-c lock_timeout={self.lock_timeout_ms}")
        params["options"] = " ".join(filter(None, options))
        return params

    def connect(self) -> None:
        super().connect()
        self._checked_at = monotonic()

    def is_usable(self) -> bool:
        """Called once per request (CONN_HEALTH_CHECKS). Usable unless the server has closed its end."""
        last, self._checked_at = self._checked_at, monotonic()
        if monotonic() - last < IDLE_SECONDS and self._has_nothing_to_read():
            return True
        return super().is_usable()

    def _has_nothing_to_read(self) -> bool:
        """True for a healthy idle connection; a closed one is readable (end of file, or a last message)."""
        if self.connection is None or self.connection.closed:
            return False
        readable = select.poll()
        readable.register(self.connection.fileno(), select.POLLIN)
        return not readable.poll(0)
