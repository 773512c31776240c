"""Names that are sent: an unknown one is refused where it would silently do nothing, naming the nearest."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError

SHOWN = 100  # characters of a name, and names


def errors_for(sent: Collection[str], known: Collection[str], *, thing: str) -> dict[str, list[ErrorDetail]]:
    """An error for each name that is not known. `thing`: parameter, option; `code` is unknown_{thing}."""
    unknown = [str(name) for name in sent if name not in known]
    return {name[:SHOWN]: [_error(name[:SHOWN], known, thing)] for name in unknown[:SHOWN]}


def _error(name: str, known: Collection[str], thing: str) -> ErrorDetail:
    if near := get_close_matches(name, known, n=1):
        advice = f"Did you mean {near[0]}?"
    else:
        advice = f"Known are {', '.join(sorted(known))}." if known else "There are none here."
    return ErrorDetail(f"Unknown {thing}. {advice}", f"unknown_{thing}")


def unknown_names(sent: Collection[str], known: Collection[str]) -> str:
    """What is wrong, as a sentence; nothing if all names are known."""
    for name, (error, *_) in errors_for(sent, known, thing="key").items():
        return f"{name!r}: {error}"
    return ""


class KnownKeys:
    """For serializers of options: a mistyped option would be taken for its default."""

    read_keys: Collection[str] = ()  # what an answer has, and so may be sent back, beside the fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            known = {*self.fields, *self.read_keys}  # type: ignore[attr-defined]
            if errors := errors_for(data, known, thing="option"):
                raise ValidationError(errors)
        return super().to_internal_value(data)  # type: ignore[misc]
