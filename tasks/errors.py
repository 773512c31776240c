"""A refusal: a stable code for machines, a sentence for a tired person. Turned into HTTP once, by the exception handler."""

from django.core.exceptions import ValidationError


class Refused(ValidationError):
    """An action that may not happen. Whoever raises it has changed nothing, or leaves a transaction that is rolled back.

    A ValidationError, because the brief's callers catch that.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        field: str | None = None,
        extra: dict | None = None,
    ):
        super().__init__(detail, code=code)
        self.code: str = code
        self.detail = detail
        self.status = status
        self.field = field  # names the body key at fault: answered under validation_errors
        self.extra = extra or {}  # `body`: keys of the answer besides

    def __str__(self) -> str:
        return self.detail

    def __repr__(self) -> str:
        return f"Refused({self.code}, {self.status}: {self.detail})"
