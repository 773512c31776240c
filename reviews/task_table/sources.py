"""Where a column's values come from: one expression on the task, or rows that belong to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Avg,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, NullIf
from django.db.models.lookups import IsNull

from tasks.choices import AssignmentType
from tasks.models import Annotation, Assignment, Draft, Prediction, TaskAnnotator

from ..identities import names_shown_to, reviewers_shown_to
from .operators import IDS, NAMES, NUMBER, RESULT, TEXT, TRUTH, Operator, Test

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
        Many(reviewers_shown_to(user), "user_id", IDS),
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
    """Empty where it would tell who reviewed."""
    shown = Q(updated_by=user) | names_shown_to(user, annotation=None)
    return Single(Case(When(shown, then=F("updated_by_id"))), IDS)


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
