"""Query parameters other than filters of a list: read by a serializer, or by a single field."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from django.db.models import Choices
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.fields import BooleanField, ChoiceField, Field, IntegerField
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from reviews.task_table.values import MAX_ID
from users.sentences import sentence as _

DELETED = OpenApiParameter(
    "deleted", bool, description="What was deleted, for managers, instead of the rest."
)


class IdField(IntegerField):
    def to_internal_value(self, data: Any) -> int:
        """Python's own reading is wider: it takes `1_000`, and the digits of every script."""
        if isinstance(data, str) and not (data.isascii() and data.isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


ID = IdField(min_value=0, max_value=MAX_ID)
BOOLEAN = BooleanField()


def parameters_of(serializer: type[Serializer], request: Request) -> dict[str, Any]:
    """The validated query parameters. Give the same serializer to `extend_schema(parameters=[…])`."""
    sent = serializer(data=request.query_params)
    sent.is_valid(raise_exception=True)
    return sent.validated_data


def id_from(raw: Any, name: str) -> int | None:
    """None where nothing was sent. Raises ValidationError naming the parameter."""
    return None if raw in (None, "") else _read(ID, raw, name)


def boolean_from(raw: Any, name: str) -> bool:
    return False if raw in (None, "") else _read(BOOLEAN, raw, name)


def boolean_parameter(request: Request, name: str) -> bool:
    return boolean_from(request.query_params.get(name), name)


def choice_from(request: Request, name: str, choices: Sequence[str]) -> str | None:
    """None where it was not sent. Raises ValidationError naming the choices."""
    sent = request.query_params.get(name)
    if sent is not None and sent not in choices:
        known = ", ".join(choices)
        raise ValidationError({name: [_("%(sent)r is not one of %(known)s.", sent=sent[:40], known=known)]})
    return sent


def choices_from(raw: str, choices: type[Choices], name: str) -> list[Any]:
    """Of a comma-separated list."""
    field = ChoiceField(choices=choices.choices)
    return [_read(field, one.strip(), name) for one in raw.split(",")]


def _read(field: Field, raw: Any, name: str) -> Any:
    try:
        return field.run_validation(raw)
    except ValidationError as error:
        raise ValidationError({name: error.detail})


INCLUDE = OpenApiParameter(
    "include", str, description="Only these fields, comma-separated: `include=id,title`. Default: all."
)


def included_fields(request: Request) -> list[str]:
    """The names in `include=`; none: every field."""
    return [name for part in request.query_params.get("include", "").split(",") if (name := part.strip())]


def order_of(*names: str) -> OpenApiParameter:
    """Of a list that is sorted in memory: see `sorted_by`."""
    both = [sign + name for name in names for sign in ("", "-")]
    return OpenApiParameter("ordering", str, enum=both, description="By which field; `-` for descending.")


def sorted_by(rows: Iterable[Any], request: Request, *names: str) -> list[Any]:
    """The rows by `ordering`, one of these attributes. Without it, as they are."""
    sent = request.query_params.get("ordering", "")
    name = sent.removeprefix("-")
    if not sent:
        return list(rows)
    if name not in names:
        raise ValidationError(
            {
                "ordering": [
                    _("There is no order %(name)r. There is: %(names)s.", name=name, names=", ".join(names))
                ]
            }
        )
    return sorted(rows, key=lambda row: (getattr(row, name), row.pk), reverse=sent.startswith("-"))


def refuse_unknown_fields(included: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    if unknown := [name for name in included if name not in known]:
        nearest = get_close_matches(unknown[0], known, n=1)
        hint = _(" Did you mean %(name)r?", name=nearest[0]) if nearest else ""
        raise ValidationError(
            {"include": [_("There is no field %(unknown)r.%(hint)s", unknown=unknown[0], hint=hint)]}
        )
