"""Label Studio's error body plus `code`. Apart from errors.py because the web server needs it before the apps
are loaded."""

import uuid
from typing import Any

from django.conf import settings

from users.log_context import about


def body(status: int, detail: str, code: str, validation_errors: dict | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {
        # The log has it on every line about this request.
        "id": about().get("request_id") or str(uuid.uuid4()),
        "status_code": status,
        "version": settings.VERSION,
        "detail": detail,
        "exc_info": None,
        "code": code,
    }
    return error if validation_errors is None else error | {"validation_errors": validation_errors}
