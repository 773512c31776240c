"""The error of every service: a stable code for machines, and a sentence for the person who reads it."""

from typing import Any

from django.core.exceptions import ValidationError


class Refused(ValidationError):
    """An action that is not allowed. The exception handler turns it into a response.

    Raised before anything is changed, or in a transaction that it rolls back. A ValidationError, so that
    forms and callers that know no other error catch it. `detail` is a sentence of users/sentences.py.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        field: str | None = None,
        extra: dict[str, Any] | None = None,
    ):
        super().__init__(detail, code=code)
        self.code: str = code
        self.detail = detail
        self.status = status
        self.field = field  # the body key at fault: answered under validation_errors
        self.extra = extra or {}  # what the handler needs besides; `body`: more keys of the response

    def __str__(self) -> str:
        return str(self.detail)

    def __repr__(self) -> str:
        return f"Refused({self.code}, {self.status}: {self.detail})"
