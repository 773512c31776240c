"""Django's PostgreSQL backend with a cheaper look at kept connections, and a limit on waiting for locks."""

import select
from time import monotonic
from typing import Any

from django.db.backends.postgresql import base

IDLE_SECONDS = 5.0  # a connection that was used less long ago is not asked `SELECT 1`


class DatabaseWrapper(base.DatabaseWrapper):
    # For every connection of this process. None: no limit, as for jobs and commands. reviewsite.wsgi sets it.
    lock_timeout_ms: int | None = None
    _looked_at = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        if self.lock_timeout_ms:
            given = params.get("options", "")
            params["options"] = f"{given} -c lock_timeout={self.lock_timeout_ms}".strip()
        return params

    def connect(self) -> None:
        super().connect()
        self._looked_at = monotonic()

    def is_usable(self) -> bool:
        """Asked once a request (CONN_HEALTH_CHECKS). A server that went away has closed its end of the socket."""
        last, self._looked_at = self._looked_at, monotonic()
        if monotonic() - last < IDLE_SECONDS and self._is_silent():
            return True
        return super().is_usable()

    def _is_silent(self) -> bool:
        """Nothing to read: neither the end of the stream nor a last message. An idle server sends nothing."""
        if self.connection is None or self.connection.closed:
            return False
        readable = select.poll()
        readable.register(self.connection.fileno(), select.POLLIN)
        return not readable.poll(0)
