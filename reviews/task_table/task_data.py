"""Filters and ordering on the task's own data: JSON of any shape, compared as the type the client names."""

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, DateTimeField, DecimalField, F, Field, Func, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from .operators import BOOLEAN, DATETIME, NUMBER, TEXT, Operators
from .sources import EMPTY_TEXT, SingleValue

# NULL instead of an error where the text cannot be read as the type. PostgreSQL alone would read more than
# people do: `nan`, `Infinity`, `1_000`, `now` and `tomorrow`; and NaN is above all numbers there.
DECIMAL = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*$"
ISO_8601 = (
    r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)? ?(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)?)?\s*$"
)
AS_NUMBER = (
    f"CASE WHEN %(expressions)s ~ '{DECIMAL}' AND pg_input_is_valid(%(expressions)s, 'numeric')"
    " THEN %(expressions)s::numeric END"
)
AS_DATETIME = (
    f"CASE WHEN %(expressions)s ~ '{ISO_8601}' AND pg_input_is_valid(%(expressions)s, 'timestamptz')"
    " THEN %(expressions)s::timestamptz END"
)
AS_BOOLEAN = "CASE lower(%(expressions)s) WHEN 'true' THEN true WHEN 'false' THEN false END"


class SafeCast(Func):
    """Django passes the parameters of an expression once; these templates name it more than once."""

    # The stubs name every argument, all of which are only passed on.
    def as_sql(self, *args: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        sql, params = super().as_sql(*args, **context)
        return sql, [*params] * self.extra["template"].count("%(expressions)s")


@dataclass(frozen=True)
class DataType:
    operators: Operators
    cast: str
    output_field: type[Field]


# Any other type is compared as text.
DATA_TYPES = {
    "Number": DataType(NUMBER, AS_NUMBER, DecimalField),
    "Time": DataType(NUMBER, AS_NUMBER, DecimalField),
    "Datetime": DataType(DATETIME, AS_DATETIME, DateTimeField),
    "Boolean": DataType(BOOLEAN, AS_BOOLEAN, BooleanField),
}


def data_source(key: str, type_name: str) -> SingleValue:
    text = data_text(key)
    if type_name not in DATA_TYPES:
        return SingleValue(text, TEXT, null_if_empty=NullIf(text, EMPTY_TEXT))
    wanted = DATA_TYPES[type_name]
    return SingleValue(
        SafeCast(text, template=wanted.cast, output_field=wanted.output_field()), wanted.operators
    )


def data_order(key: str) -> list[Any]:
    """Numbers by size, then texts by alphabet."""
    return [data_source(key, "Number").expression, data_text(key)]


def data_text(key: str) -> Coalesce | Func:
    """`data` under exactly this key, dots and quotes included; `a__b` may also be the path a → b."""
    exact = _extract(key)
    return Coalesce(exact, _extract(*key.split("__"))) if "__" in key.strip("_") else exact


def _extract(*path: str) -> Func:
    steps = (Value(step) for step in path)
    return Func(F("data"), *steps, function="jsonb_extract_path_text", output_field=TextField())
