"""Where a column's values come from: one expression on the task, or rows that belong to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Avg,
    BooleanField,
    DateTimeField,
    DecimalField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf
from django.db.models.lookups import IsNull

from reviews.models import TaskReviewer
from tasks.choices import AssignmentType
from tasks.models import Annotation, Assignment, Draft, Prediction, TaskAnnotator

from .operators import IDS, MOMENT, NAMES, NUMBER, RESULT, TEXT, TRUTH, Operator, Test

NO_TEXT = Value("", output_field=TextField())
OF_THE_TASK = {"task": OuterRef("pk")}


@dataclass(frozen=True)
class Single:
    """One value of each task. `nothing` is the expression that is NULL where the column is empty."""

    expression: Any
    operators: dict[str, Operator]
    nothing: Any = None

    def holds(self, test: Test, value: Any) -> Q:
        return test(self.expression, value)

    def lacks(self, test: Test, value: Any) -> Q:
        """Also where there is no value at all."""
        return ~test(self.expression, value) | Q(IsNull(self.expression, True))

    def empty(self) -> Q:
        return Q(IsNull(self.nothing or self.expression, True))

    @property
    def orders_by(self) -> list[Any]:
        return [self.expression]


@dataclass(frozen=True)
class Many:
    """Values of rows that belong to the task. A test holds if it holds of any of them."""

    rows: QuerySet
    column: str
    operators: dict[str, Operator]

    def holds(self, test: Test, value: Any) -> Q:
        return Q(Exists(self.rows.filter(test(F(self.column), value), **OF_THE_TASK)))

    def lacks(self, test: Test, value: Any) -> Q:
        return ~self.holds(test, value)

    def empty(self) -> Q:
        return ~Q(Exists(self.rows.filter(**OF_THE_TASK)))

    @property
    def orders_by(self) -> list[Any]:
        return [Subquery(self.rows.filter(**OF_THE_TASK).order_by(self.column).values(self.column)[:1])]


SourceFor = Callable[[Any], Single | Many]


def field(name: str, operators: dict[str, Operator]) -> SourceFor:
    return lambda user: Single(F(name), operators)


def counter(name: str) -> SourceFor:
    """A number of things: none of them is empty."""
    return lambda user: Single(F(name), NUMBER, nothing=NullIf(F(name), Value(0)))


def words(name: str) -> SourceFor:
    return lambda user: Single(F(name), TEXT, nothing=NullIf(Cast(F(name), TextField()), NO_TEXT))


def never(user: Any) -> Single:
    """A column that Label Studio has and that is always empty here."""
    return Single(Value(None, output_field=TextField()), TEXT)


def _work(user: Any) -> QuerySet:
    """The annotations this person sees: an annotator filters by their own work only."""
    return Annotation.objects.visible_to(user).listed().order_by()


def annotators(user: Any) -> Many:
    return Many(TaskAnnotator.objects.all(), "user_id", IDS)


def reviewers(user: Any) -> Any:
    return EitherOf(
        Many(TaskReviewer.objects.all(), "user_id", IDS),
        Many(Assignment.objects.filter(type=AssignmentType.REVIEWER).order_by(), "user_id", IDS),
    )


@dataclass(frozen=True)
class EitherOf:
    """The values of two sources together: who reviewed, and who is assigned to."""

    one: Many
    other: Many

    @property
    def operators(self) -> dict[str, Operator]:
        return self.one.operators

    def holds(self, test: Test, value: Any) -> Q:
        return self.one.holds(test, value) | self.other.holds(test, value)

    def lacks(self, test: Test, value: Any) -> Q:
        return ~self.holds(test, value)

    def empty(self) -> Q:
        return self.one.empty() & self.other.empty()

    @property
    def orders_by(self) -> list[Any]:
        return self.one.orders_by + self.other.orders_by


def updated_by(user: Any) -> Single:
    return Single(F("updated_by_id"), IDS)


def annotation_ids(user: Any) -> Many:
    return Many(_work(user), "pk", IDS)


def annotation_results(user: Any) -> Many:
    return Many(_work(user), "result", RESULT)


def prediction_results(user: Any) -> Many:
    return Many(Prediction.objects.order_by(), "result", RESULT)


def model_versions(user: Any) -> Many:
    return Many(Prediction.objects.order_by(), "model_version", NAMES)


def prediction_score(user: Any) -> Single:
    return Single(_mean(Prediction.objects.order_by(), "score"), NUMBER)


def lead_time(user: Any) -> Single:
    return Single(_mean(_work(user), "lead_time"), NUMBER)


def _mean(rows: QuerySet, name: str) -> Subquery:
    return Subquery(rows.filter(**OF_THE_TASK).values("task").annotate(mean=Avg(name)).values("mean"))


def ground_truth(user: Any) -> Single:
    return Single(Exists(_work(user).filter(ground_truth=True, **OF_THE_TASK)), TRUTH)


def draft_exists(user: Any) -> Single:
    return Single(Exists(Draft.objects.visible_to(user).filter(**OF_THE_TASK)), TRUTH)


# --- the task's own data --------------------------------------------------------------------------

NUMERIC = "CASE WHEN pg_input_is_valid(%(expressions)s, 'numeric') THEN %(expressions)s::numeric END"
TIMELY = "CASE WHEN pg_input_is_valid(%(expressions)s, 'timestamptz') THEN %(expressions)s::timestamptz END"
TRUTHFUL = "CASE lower(%(expressions)s) WHEN 'true' THEN true WHEN 'false' THEN false END"


def data_text(key: str) -> Any:
    """`data` under this very key, dots and quotes and all; `a__b` may also be a path."""
    literal = _extract(key)
    return Coalesce(literal, _extract(*key.split("__"))) if "__" in key.strip("_") else literal


def _extract(*path: str) -> Func:
    return Func(F("data"), *(Value(step) for step in path), function="jsonb_extract_path_text", output_field=TextField())


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
