"""Names that are sent: an unknown one is refused where it would silently do nothing, naming the nearest."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError

from users.sentences import sentence as _

UNKNOWN = {
    "parameter": _("Unknown parameter."),
    "option": _("Unknown option."),
    "key": _("Unknown key."),
}
SHOWN = 100  # characters of a name, and names


def errors_for(sent: Collection[str], known: Collection[str], *, thing: str) -> dict[str, list[ErrorDetail]]:
    """An error for each name that is not known. `thing`: parameter, option; `code` is unknown_{thing}."""
    unknown = [str(name) for name in sent if name not in known]
    return {name[:SHOWN]: [_error(name[:SHOWN], known, thing)] for name in unknown[:SHOWN]}


def _error(name: str, known: Collection[str], thing: str) -> ErrorDetail:
    if near := get_close_matches(name, known, n=1):
        advice = _("Did you mean %(name)s?", name=near[0])
    elif known:
        advice = _("Known are %(names)s.", names=", ".join(sorted(known)))
    else:
        advice = _("There are none here.")
    return ErrorDetail(_("%(why)s %(then)s", why=UNKNOWN[thing], then=advice), f"unknown_{thing}")


def unknown_names(sent: Collection[str], known: Collection[str]) -> str:
    """What is wrong, as a sentence; nothing if all names are known."""
    for name, (error, *_more) in errors_for(sent, known, thing="key").items():
        return _("%(name)r: %(problem)s", name=name, problem=error)
    return ""


class KnownKeys:
    """For serializers of options: a mistyped option would be taken for its default."""

    read_keys: Collection[str] = ()  # what an answer has, and so may be sent back, beside the fields
    refuses_unknown_keys = True

    def to_internal_value(self, data: Any) -> Any:
        if self.refuses_unknown_keys and isinstance(data, dict):
            known = {*self.fields, *self.read_keys}  # type: ignore[attr-defined]
            if errors := errors_for(data, known, thing="option"):
                raise ValidationError(errors)
        return super().to_internal_value(data)  # type: ignore[misc]
