"""Where a column's values come from: one expression on the task, or the rows that belong to it.

Each function takes the reader, because what a column holds depends on what they may see.
"""

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
from tasks.own_work import own_annotations, own_fields
from users.models import User

from ..identities import contested_for, reviewers_shown_to
from .operators import (
    BOOLEAN,
    IDS,
    NAMES,
    NUMBER,
    RESULT,
    TEXT,
    TEXT_OF_IDS,
    Operators,
    Predicate,
    Source,
)

EMPTY_TEXT = Value("", output_field=TextField())
OF_THE_TASK = {"task": OuterRef("pk")}


@dataclass(frozen=True)
class SingleValue:
    """One value for each task.

    `null_if_empty`: an expression for columns that are empty not only where NULL.
    """

    expression: Any
    operators: Operators
    null_if_empty: Any = None

    def where(self, predicate: Predicate, value: Any) -> Q:
        return predicate(self.expression, value)

    def where_not(self, predicate: Predicate, value: Any) -> Q:
        """NULL is "not equal" to everything, as people read it; SQL would say neither yes nor no."""
        return ~predicate(self.expression, value) | Q(IsNull(self.expression, True))

    def where_empty(self) -> Q:
        return Q(IsNull(self.null_if_empty or self.expression, True))

    @property
    def order_by(self) -> list[Any]:
        # PostgreSQL refuses to order by a constant, as a column that is always empty has.
        return [] if isinstance(self.expression, Value) else [self.expression]


@dataclass(frozen=True)
class RelatedRows:
    """A column of rows that belong to the task. A predicate is true for the task if any row satisfies it."""

    rows: QuerySet
    column: str
    operators: Operators

    def where(self, predicate: Predicate, value: Any) -> Q:
        # EXISTS instead of a join: a join would list a task once for each of its rows.
        return Q(Exists(self.rows.filter(predicate(F(self.column), value), **OF_THE_TASK)))

    def where_not(self, predicate: Predicate, value: Any) -> Q:
        # None of the rows, which is also true without any row.
        return ~self.where(predicate, value)

    def where_empty(self) -> Q:
        return ~Q(Exists(self.rows.filter(**OF_THE_TASK)))

    @property
    def order_by(self) -> list[Any]:
        return [Subquery(self.rows.filter(**OF_THE_TASK).order_by(self.column).values(self.column)[:1])]


@dataclass(frozen=True)
class EitherRows:
    """The rows of two sources together."""

    one: RelatedRows
    other: RelatedRows

    @property
    def operators(self) -> Operators:
        return self.one.operators

    def where(self, predicate: Predicate, value: Any) -> Q:
        return self.one.where(predicate, value) | self.other.where(predicate, value)

    def where_not(self, predicate: Predicate, value: Any) -> Q:
        return ~self.where(predicate, value)

    def where_empty(self) -> Q:
        return self.one.where_empty() & self.other.where_empty()

    @property
    def order_by(self) -> list[Any]:
        return self.one.order_by + self.other.order_by


SourceFor = Callable[[User], Source]


def field(name: str, operators: Operators) -> SourceFor:
    return lambda reader: SingleValue(F(name), operators)


def counter(name: str) -> SourceFor:
    """Zero counts as empty."""
    return lambda reader: SingleValue(F(name), NUMBER, null_if_empty=NullIf(F(name), Value(0)))


def own_field(name: str, operators: Operators) -> SourceFor:
    """What an annotator has instead of a field that sums up everybody's work."""
    return lambda reader: SingleValue(own_fields(reader)[name], operators)


def own_counter(name: str) -> SourceFor:
    def source(reader: User) -> SingleValue:
        counted = own_fields(reader)[name]
        return SingleValue(counted, NUMBER, null_if_empty=NullIf(counted, Value(0)))

    return source


def text_field(name: str) -> SourceFor:
    null_if_empty = NullIf(Cast(F(name), TextField()), EMPTY_TEXT)
    return lambda reader: SingleValue(F(name), TEXT, null_if_empty=null_if_empty)


def always_empty(reader: User) -> SingleValue:
    """A column that Label Studio has and this site does not fill."""
    return SingleValue(Value(None, output_field=TextField()), TEXT)


def _visible_annotations(reader: User) -> QuerySet:
    """An annotator filters by their own annotations only."""
    return Annotation.objects.visible_to(reader).listed().order_by()


def annotators(reader: User) -> RelatedRows:
    return RelatedRows(TaskAnnotator.objects.all(), "user_id", IDS)


def reviewers(reader: User) -> EitherRows:
    assigned = Assignment.objects.filter(type=AssignmentType.REVIEWER).order_by()
    return EitherRows(
        RelatedRows(reviewers_shown_to(reader), "user_id", IDS), RelatedRows(assigned, "user_id", IDS)
    )


def updated_by(reader: User) -> SingleValue:
    """Empty where it would reveal who signed a contested rejection."""
    shown = Q(updated_by=reader) | ~contested_for(reader, annotation=None)
    return SingleValue(Case(When(shown, then=F("updated_by_id"))), IDS)


def updated_by_reader(reader: User) -> SingleValue:
    own = Exists(own_annotations(reader).filter(**OF_THE_TASK))
    return SingleValue(Case(When(own, then=Value(reader.pk))), IDS)


def annotation_ids(reader: User) -> RelatedRows:
    return RelatedRows(_visible_annotations(reader), "pk", TEXT_OF_IDS)


def annotation_results(reader: User) -> RelatedRows:
    return RelatedRows(_visible_annotations(reader), "result", RESULT)


def prediction_results(reader: User) -> RelatedRows:
    return RelatedRows(Prediction.objects.order_by(), "result", RESULT)


def model_versions(reader: User) -> RelatedRows:
    return RelatedRows(Prediction.objects.order_by(), "model_version", NAMES)


def prediction_score(reader: User) -> SingleValue:
    return SingleValue(_mean(Prediction.objects.order_by(), "score"), NUMBER)


def lead_time(reader: User) -> SingleValue:
    return SingleValue(_mean(_visible_annotations(reader), "lead_time"), NUMBER)


def _mean(rows: QuerySet, name: str) -> Subquery:
    return Subquery(rows.filter(**OF_THE_TASK).values("task").annotate(mean=Avg(name)).values("mean"))


def ground_truth(reader: User) -> SingleValue:
    marked = _visible_annotations(reader).filter(ground_truth=True, **OF_THE_TASK)
    return SingleValue(Exists(marked), BOOLEAN)


def draft_exists(reader: User) -> SingleValue:
    return SingleValue(Exists(Draft.objects.visible_to(reader).filter(**OF_THE_TASK)), BOOLEAN)
