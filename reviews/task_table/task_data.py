"""Filters and ordering on the task's own data: JSON of any shape, compared as the type that is asked for."""

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, DateTimeField, DecimalField, F, Func, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from .operators import MOMENT, NUMBER, TEXT, TRUTH, Operator
from .sources import NO_TEXT, Single

NUMERIC = "CASE WHEN pg_input_is_valid(%(expressions)s, 'numeric') THEN %(expressions)s::numeric END"
TIMELY = "CASE WHEN pg_input_is_valid(%(expressions)s, 'timestamptz') THEN %(expressions)s::timestamptz END"
TRUTHFUL = "CASE lower(%(expressions)s) WHEN 'true' THEN true WHEN 'false' THEN false END"


def data_text(key: str) -> Any:
    """`data` under this very key, dots and quotes and all; `a__b` may also be a path."""
    literal = _extract(key)
    return Coalesce(literal, _extract(*key.split("__"))) if "__" in key.strip("_") else literal


def _extract(*path: str) -> Func:
    return Func(
        F("data"),
        *(Value(step) for step in path),
        function="jsonb_extract_path_text",
        output_field=TextField(),
    )


class Reading(Func):
    """A template that names its one expression twice, and so needs its parameters twice."""

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list]:
        sql, params = super().as_sql(compiler, connection, **context)
        return sql, [*params] * self.extra["template"].count("%(expressions)s")


@dataclass(frozen=True)
class DataKind:
    """How text from the data is compared as something else; what cannot be read as that is empty."""

    operators: dict[str, Operator]
    template: str
    output: Any


DATA_KINDS = {
    "Number": DataKind(NUMBER, NUMERIC, DecimalField),
    "Time": DataKind(NUMBER, NUMERIC, DecimalField),
    "Datetime": DataKind(MOMENT, TIMELY, DateTimeField),
    "Boolean": DataKind(TRUTH, TRUTHFUL, BooleanField),
}


def data(key: str, kind: str) -> Single:
    text = data_text(key)
    if kind not in DATA_KINDS:
        return Single(text, TEXT, nothing=NullIf(text, NO_TEXT))
    typed = DATA_KINDS[kind]
    return Single(Reading(text, template=typed.template, output_field=typed.output()), typed.operators)


def data_order(key: str) -> list[Any]:
    """Numbers by size, then words by alphabet."""
    return [data(key, "Number").expression, data_text(key)]
