"""Filters of the lists. Every parameter is declared here, so none reaches a related table by accident."""

from datetime import UTC
from functools import reduce
from operator import or_

from django import forms
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from jobs.models import Job
from reviews.identities import contested_for, names_shown_to
from reviews.models import Comment, Correction, Dispute, Review
from reviews.task_table.columns import is_hidden_from_annotators, not_for_annotators
from reviews.task_table.errors import InvalidValue
from reviews.task_table.values import DECIMAL, flag
from tasks import search
from tasks.choices import ActionType, FinalState, RejectAction
from tasks.models import Annotation, History, Membership, Prediction, Task, TaskText
from tasks.own_work import own_fields
from tasks.pseudonyms import rows_of_person
from tasks.querysets import CONFIG_OUTDATED, within
from tasks.roles import may, projects_where
from tasks.state import State
from users.models import User
from users.sentences import sentence as _

NUMBER_LOOKUPS = ["exact", "gt", "gte", "lt", "lte"]
TIME_LOOKUPS = ["gt", "gte", "lt", "lte"]
OPEN = "open"
REVIEW_STATES = ("standing", "outdated", "superseded", "undone")
# Parameters that are named otherwise than the column they are about.
COLUMN_OF = {
    "reviewer": "reviewers",
    "annotator": "annotators",
    "completed_by": "annotators",
    "only_annotated": "total_annotations",
}


# PostgreSQL sorts NULLs first in descending order: unreviewed tasks would lead a list by -reviewed_at.
class NullsLastOrdering(filters.OrderingFilter):
    """`ordering=-reviewed_at,id`. Rows without a value come last, ties are ordered by id."""

    def filter(self, qs, value):
        if not value:
            return qs
        columns = [self.get_ordering_value(name) for name in value]
        return qs.order_by(
            *(self._nulls_last(name) for name in columns), "-id" if columns[0].startswith("-") else "id"
        )

    def _nulls_last(self, name: str):
        column = F(self.parent.named(name.removeprefix("-")))
        return column.desc(nulls_last=True) if name.startswith("-") else column.asc(nulls_last=True)


def ordering(*names: str) -> NullsLastOrdering:
    return NullsLastOrdering(fields=[(name, name) for name in names])


class AsciiDigits:
    """Python's own reading of numbers is wider: it takes `1_000`, and the digits of every script."""

    def to_python(self, value):
        if value not in forms.Field.empty_values and not DECIMAL.fullmatch(str(value).strip()):
            raise forms.ValidationError(_("Enter a number."), code="invalid")
        return super().to_python(value)


class StrictNumberField(AsciiDigits, forms.DecimalField):
    pass


class StrictIntegerField(AsciiDigits, forms.IntegerField):
    """Decimals are no ids: 1.5 is refused."""


class NumberFilter(filters.NumberFilter):
    field_class: type[forms.Field] = StrictNumberField


class IdFilter(NumberFilter):
    """Rows that refer to this id.

    Unknown and invisible ids both find nothing, so the answer reveals neither.
    """

    field_class = StrictIntegerField


class IdsFilter(filters.BaseInFilter, IdFilter):
    """`projects=1,2`."""


class StrictBooleanField(forms.Field):
    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return flag(value)
        except InvalidValue:
            raise forms.ValidationError(_("Must be true or false."), code="invalid")


class InstantField(IsoDateTimeField):
    def to_python(self, value):
        """In UTC it may be before the year 1, or after 9999: the database would refuse it."""
        found = super().to_python(value)
        try:
            return found.astimezone(UTC) if found else found
        except OverflowError:
            raise forms.ValidationError(_("Must be between the years 1 and 9999."), code="invalid")


class InstantFilter(filters.IsoDateTimeFilter):
    field_class = InstantField


class BooleanFilter(filters.BooleanFilter):
    """django-filter's own treats any value it does not understand as not sent."""

    field_class = StrictBooleanField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, widget=forms.TextInput, **kwargs)


class FilterSet(filters.FilterSet):
    class Meta:
        filter_overrides = {
            models.ForeignKey: {"filter_class": IdFilter},
            models.BooleanField: {"filter_class": BooleanFilter},
            models.IntegerField: {"filter_class": NumberFilter},
            models.PositiveIntegerField: {"filter_class": NumberFilter},
            models.DateTimeField: {"filter_class": InstantFilter},
        }

    def named(self, path: str) -> str:
        return path


class BlindFilterSet(FilterSet):
    """By what sums up everybody's work on a task, annotators filter their own work, or not at all (see
    reviews.task_table.columns). Somebody who reviews in some projects and annotates in others, and names none
    of them, filters the former by everybody's work and the latter by their own.
    """

    # From a row to its task: to the id, and to a field.
    task_id, task_field = "pk", ""

    def filter_queryset(self, queryset):
        sees_all, used = self._where_everything_is_seen(), self._columns_used()
        if hidden := sorted(name for name in used if is_hidden_from_annotators(name)):
            if sees_all is None:
                raise not_for_annotators(hidden[0], field=hidden[0])
            queryset = queryset.filter(sees_all)
        own = {} if sees_all == Q() else own_fields(self.request.user, task=self.task_id)
        self._names: dict[str, str] = {}
        for name in own.keys() & used:
            path, value = self.task_field + name, own[name]
            self._names[path] = f"own_{name}"
            # With both roles: the stored value where everything is seen.
            value = value if sees_all is None else Case(When(sees_all, then=F(path)), default=value)
            queryset = queryset.alias(**{f"own_{name}": value})
        for one in self.filters.values():
            one.field_name = self.named(one.field_name)
        return super().filter_queryset(queryset)

    def named(self, path: str) -> str:
        """What to filter or sort by instead of this field."""
        return self._names.get(path, path)

    def _columns_used(self) -> set[str]:
        sent = {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", [])}
        paths = {COLUMN_OF.get(name, self.filters[name].field_name) for name in sent}
        paths |= {name.lstrip("-") for name in sent.get("ordering", ())}
        return {path.removeprefix(self.task_field) for path in paths if path.startswith(self.task_field)}

    def _where_everything_is_seen(self) -> Q | None:
        """None: nowhere."""
        project, user = self.form.cleaned_data.get("project"), self.request.user
        if project is not None:
            return Q() if may(user, "view_all_annotations", project) else None
        return (
            None
            if projects_where(user, "view_all_annotations") == []
            else within(user, "view_all_annotations")
        )


class ProjectFilter(FilterSet):
    ids = IdsFilter(field_name="pk", lookup_expr="in", help_text="Only these, comma-separated.")
    title = filters.CharFilter(lookup_expr="icontains", help_text="Projects with these words in their title.")
    search = filters.CharFilter(method="with_words", help_text="Words in their title or description.")
    filter = filters.ChoiceFilter(
        choices=[(name, name) for name in ("all", "pinned_only", "exclude_pinned")],
        method="by_pin",
        help_text="Pinned projects only, all others, or all of them.",
    )
    ordering = ordering("id", "title", "created_at", "updated_at", "pinned_at")

    def with_words(self, projects, name, value):
        return projects.filter(Q(title__icontains=value) | Q(description__icontains=value))

    def by_pin(self, projects, name, value):
        return projects if value == "all" else projects.filter(pinned_at__isnull=value == "exclude_pinned")


def tasks_found(text: str, reader: User, project: int | None) -> QuerySet:
    """Ids of tasks, each kind of match by its own index. Who sees these tasks is not asked here."""
    words, projects = search.query_for(text), projects_where(reader, "view_project")
    projects = projects if project is None else [project]
    comments = Comment.objects.visible_to(reader).alias(words=search.words_of("text")).filter(words=words)
    named = Task.objects.filter(search.task_named(text, projects))
    annotations = Annotation.objects.visible_to(reader).filter(pk=search.id_in(text))
    return (
        TaskText.objects.filter(words=words)
        .order_by()
        .values("task")
        .union(
            comments.order_by().values("task"),
            named.order_by().values("pk"),
            annotations.order_by().values("task"),
        )
    )


class TaskFilter(BlindFilterSet):
    ids = IdsFilter(field_name="pk", lookup_expr="in", help_text="Only these, comma-separated.")
    last_action = filters.MultipleChoiceFilter(
        choices=ActionType.choices,
        method="with_annotation",
        help_text="Tasks with an annotation in this state.",
    )
    reviewer = IdFilter(
        method="reviewed_by_person", help_text="Tasks with a standing verdict of this person."
    )
    annotator = IdFilter(method="annotated_by_person", help_text="Tasks annotated by this person.")
    completed_by = IdFilter(method="annotated_by_person", help_text="The same as `annotator`.")
    config_outdated = BooleanFilter(
        method="with_outdated_config",
        help_text="Has an annotation made under an earlier label configuration.",
    )
    final_state = filters.MultipleChoiceFilter(
        choices=FinalState.choices, help_text="Whether the task has its answer."
    )
    review = BooleanFilter(
        method="with_annotation_to_review",
        help_text="Only tasks with an annotation that waits for a verdict.",
    )
    only_annotated = BooleanFilter(
        method="with_any_annotation", help_text="Only tasks with a submitted annotation."
    )
    ordering = ordering(
        "id",
        "inner_id",
        "created_at",
        "updated_at",
        "completed_at",
        "reviewed_at",
        "reviews_accepted",
        "reviews_rejected",
        "total_annotations",
        "final_state",
    )

    search = filters.CharFilter(
        method="with_words",
        max_length=search.MAX_SEARCH,
        help_text="These words, or beginnings of words, in the data or in comments. Or an id: of the task "
        "(also its number, external or unique id), or of an annotation.",
    )

    class Meta(FilterSet.Meta):
        model = Task
        fields = {
            "project": ["exact"],
            "reviewed": ["exact"],
            "is_labeled": ["exact"],
            "reviews_accepted": NUMBER_LOOKUPS,
            "reviews_rejected": NUMBER_LOOKUPS,
            "total_annotations": NUMBER_LOOKUPS,
            "cancelled_annotations": NUMBER_LOOKUPS,
            "comment_count": NUMBER_LOOKUPS,
            "unresolved_comment_count": NUMBER_LOOKUPS,
            "reviewed_at": TIME_LOOKUPS,
            "created_at": TIME_LOOKUPS,
            "updated_at": TIME_LOOKUPS,
            "completed_at": TIME_LOOKUPS,
            "inner_id": ["exact"],
            "unique_id": ["exact"],
            "external_id": ["exact"],
        }

    def with_words(self, tasks, name, value):
        return tasks.filter(
            pk__in=tasks_found(value, self.request.user, self.form.cleaned_data.get("project"))
        )

    def reviewed_by_person(self, tasks, name, value):
        shown = ~contested_for(self.request.user, annotation=None) if value != self.request.user.pk else Q()
        return tasks.filter(shown, rows_of_person("reviewed_by__user_id", value, self.request.user))

    def annotated_by_person(self, tasks, name, value):
        return tasks.filter(rows_of_person("annotated_by__user_id", value, self.request.user))

    def with_outdated_config(self, tasks, name, value):
        outdated = Annotation.objects.visible_to(self.request.user).listed().config_outdated()
        found = Exists(outdated.filter(task=OuterRef("pk")))
        return tasks.filter(found if value else ~found)

    def with_annotation_to_review(self, tasks, name, value):
        seen = Annotation.objects.visible_to(self.request.user)
        waiting = seen.filter(task=OuterRef("pk"), state=State.WAITING)
        return tasks.filter(Exists(waiting)) if value else tasks

    def with_any_annotation(self, tasks, name, value):
        counted = self.named("total_annotations")
        return tasks.filter(**{f"{counted}__gt": 0}) if value else tasks

    def with_annotation(self, tasks, name, values):
        if not values:
            return tasks
        found = Annotation.objects.visible_to(self.request.user).filter(
            task=OuterRef("pk"), last_action__in=values
        )
        return tasks.filter(Exists(found))


class AnnotationFilter(BlindFilterSet):
    task_id, task_field = "task", "task__"
    ids = IdsFilter(field_name="pk", lookup_expr="in", help_text="Only these, comma-separated.")
    last_action = filters.MultipleChoiceFilter(choices=ActionType.choices)
    completed_by = IdFilter(method="written_by", help_text="Annotations by this person.")
    reviewer = IdFilter(method="reviewed_by", help_text="Annotations with a standing verdict of this person.")
    reviewed = BooleanFilter(
        # `exclude` turns "is null" around.
        field_name="standing_review_id",
        lookup_expr="isnull",
        exclude=True,
        help_text="Has a standing verdict.",
    )
    reject_action = filters.ChoiceFilter(
        choices=RejectAction.choices,
        method="rejected_with",
        help_text="Rejected with this outcome, and the verdict stands.",
    )
    returned = BooleanFilter(
        field_name="returned_at", lookup_expr="isnull", exclude=True, help_text="Returned for rework."
    )
    config_outdated = BooleanFilter(
        method="with_outdated_config",
        help_text="Made under an earlier label configuration than the present one.",
    )
    # The counters of the annotation's task.
    reviews_rejected = NumberFilter(field_name="task__reviews_rejected")
    reviews_rejected__gte = NumberFilter(field_name="task__reviews_rejected", lookup_expr="gte")
    reviews_accepted = NumberFilter(field_name="task__reviews_accepted")
    reviews_accepted__gte = NumberFilter(field_name="task__reviews_accepted", lookup_expr="gte")
    ordering = ordering("id", "created_at", "updated_at", "lead_time")

    class Meta(FilterSet.Meta):
        model = Annotation
        fields = {
            "project": ["exact"],
            "task": ["exact"],
            "was_cancelled": ["exact"],
            "ground_truth": ["exact"],
            "unique_id": ["exact"],
            "created_at": TIME_LOOKUPS,
            "updated_at": TIME_LOOKUPS,
        }

    def with_outdated_config(self, annotations, name, value):
        return annotations.config_outdated() if value else annotations.exclude(CONFIG_OUTDATED)

    def reviewed_by(self, annotations, name, value):
        theirs = Review.objects.filter(rows_of_person("created_by", value, self.request.user)).values("pk")
        return annotations.filter(names_shown_to(self.request.user), standing_review_id__in=theirs)

    def written_by(self, annotations, name, value):
        return annotations.filter(rows_of_person("completed_by", value, self.request.user))

    def rejected_with(self, annotations, name, value):
        return annotations.filter(
            standing_review_id__in=Review.objects.filter(reject_action=value).values("pk")
        )


class ReviewFilter(FilterSet):
    ids = IdsFilter(field_name="pk", lookup_expr="in", help_text="Only these, comma-separated.")
    annotation__task__project = IdFilter(field_name="project_id")
    project = IdFilter(field_name="project_id")
    created_by = IdFilter(method="signed_by", help_text="Verdicts of this person.")
    include_undone = BooleanFilter(method="unchanged", help_text="Undone verdicts too.")
    state = filters.ChoiceFilter(
        choices=[(state, state) for state in REVIEW_STATES],
        method="in_state",
        help_text="What became of the verdict.",
    )
    ordering = ordering("id", "created_at")

    class Meta(FilterSet.Meta):
        model = Review
        fields = {
            "annotation": ["exact"],
            "task": ["exact"],
            "verdict": ["exact"],
            "reject_action": ["exact"],
            "reason": ["exact"],
            "created_at": TIME_LOOKUPS,
        }

    def signed_by(self, reviews, name, value):
        shown = names_shown_to(self.request.user, annotation="annotation__") | Q(
            created_by=self.request.user.pk
        )
        return reviews.filter(shown).filter(rows_of_person("created_by", value, self.request.user))

    def unchanged(self, reviews, name, value):
        return reviews  # see filter_queryset

    def in_state(self, reviews, name, value):
        return reviews.in_state(value)

    def filter_queryset(self, queryset):
        reviews, sent = super().filter_queryset(queryset), self.form.cleaned_data
        with_undone = sent.get("include_undone") or sent.get("state") == "undone"
        return reviews if with_undone else reviews.not_undone()


class CorrectionFilter(FilterSet):
    acknowledged = BooleanFilter(field_name="acknowledged_at", lookup_expr="isnull", exclude=True)

    class Meta(FilterSet.Meta):
        model = Correction
        fields = {
            "project": ["exact"],
            "annotation": ["exact"],
            "kind": ["exact"],
            "created_at": TIME_LOOKUPS,
        }


class AnnotationCorrectionFilter(FilterSet):
    include_undone = BooleanFilter(
        method="unchanged", help_text="Also of fixes that were undone or replaced."
    )

    class Meta(FilterSet.Meta):
        model = Correction
        fields = {"review": ["exact"], "kind": ["exact"]}

    def unchanged(self, corrections, name, value):
        return corrections  # see filter_queryset

    def filter_queryset(self, queryset):
        corrections = super().filter_queryset(queryset)
        return corrections if self.form.cleaned_data.get("include_undone") else corrections.in_force()


class DisputeFilter(FilterSet):
    outcome = filters.ChoiceFilter(
        choices=[(OPEN, "Open"), *Dispute.Outcome.choices],
        method="with_outcome",
        help_text="`open`: not decided yet.",
    )

    class Meta(FilterSet.Meta):
        model = Dispute
        fields: list[str] = []

    def with_outcome(self, disputes, name, value):
        return disputes.filter(outcome=None if value == OPEN else value)


class RoleFilter(FilterSet):
    ids = IdsFilter(field_name="pk", lookup_expr="in", help_text="Only these roles, comma-separated.")
    ordering = ordering("id", "created_at")

    class Meta(FilterSet.Meta):
        model = Membership
        fields = {"project": ["exact"], "role": ["exact"]}


class ExportOrder(FilterSet):
    ordering = ordering("id", "created_at", "finished_at", "title")


class AnnotationOrder(FilterSet):
    """Of the annotations of one task."""

    ordering = ordering("id", "created_at", "updated_at", "lead_time")


class HistoryFilter(FilterSet):
    ordering = ordering("id", "created_at")
    task = IdFilter(field_name="annotation__task_id")
    project = IdFilter(field_name="annotation__project_id")

    class Meta(FilterSet.Meta):
        model = History
        fields = {"annotation": ["exact"], "action": ["exact"], "created_at": TIME_LOOKUPS}


class CommentFilter(FilterSet):
    ids = IdsFilter(field_name="pk", lookup_expr="in", help_text="Only these, comma-separated.")
    draft = IdFilter(field_name="draft_id")
    projects = IdsFilter(field_name="project_id", lookup_expr="in")
    annotators = IdsFilter(
        method="on_work_of", help_text="Comments on annotations of these people, comma-separated."
    )
    ordering = ordering("id", "created_at", "updated_at")

    class Meta(FilterSet.Meta):
        model = Comment
        fields = {"annotation": ["exact"], "task": ["exact"], "project": ["exact"], "is_resolved": ["exact"]}

    def on_work_of(self, comments, name, value):
        theirs = [rows_of_person("annotation__completed_by", one, self.request.user) for one in value or []]
        return comments.filter(reduce(or_, theirs)) if theirs else comments


class PredictionFilter(FilterSet):
    task__project = IdFilter(field_name="project_id", help_text="The same as `project`.")

    class Meta(FilterSet.Meta):
        model = Prediction
        fields = ["task", "project", "model_version"]


class JobFilter(FilterSet):
    project = IdFilter(field_name="project_id")

    class Meta(FilterSet.Meta):
        model = Job
        fields = {"kind": ["exact"], "state": ["exact"]}
