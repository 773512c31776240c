"""Projects: settings flat as in Label Studio, review settings nested."""

from typing import Any, cast

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews.recalculation import recalculating
from tasks.choices import Distribution
from tasks.known_names import KnownKeys
from tasks.labelconfig import MAX_CHARACTERS, parse
from tasks.models import Project
from tasks.own_work import totals_for
from tasks.totals import totals_of
from users.sentences import sentence as _

from ..filters.parameters import refuse_unknown_fields
from .label_studio_defaults import default_fields
from .names import NamesPeople
from .users import ORGANIZATION, PersonSerializer

# Key in `review_settings` → field of Project. Two keys may name one setting: Label Studio's and our own.
REVIEW_SETTINGS = {
    "enable_review_workflow": "enable_review_workflow",
    "allow_self_review": "allow_self_review",
    "require_comment_on_reject": "require_review_comment_on_reject",
    "require_review_comment_on_reject": "require_review_comment_on_reject",
    "review_criteria": "review_criteria",
    "allowed_reject_actions": "allowed_reject_actions",
    "default_reject_action": "default_reject_action",
    "only_finished_tasks": "only_finished_tasks",
    "review_only_manual_assignments": "review_only_manual_assignments",
    "reject_reasons": "reject_reasons",
    "instruction": "review_instruction",
    "show_instruction": "show_review_instruction",
    "show_reviewer_names": "show_reviewer_names",
    "anonymize_annotations": "anonymize_annotations",
    "max_rounds": "max_rounds",
    "sampling": "sampling",
    "review_task_limit_percent": "review_task_limit_percent",
}
ASSIGNMENT_SETTINGS = {"label_stream_task_distribution": "label_stream_task_distribution"}
# Settings of Label Studio that do nothing here. Only values that describe what happens anyway are accepted;
# clients
# read the first of them.
NOT_SUPPORTED: dict[str, tuple[Any, ...]] = {
    "show_data_manager_to_reviewers": (True,),
    "show_agreement_to_reviewers": (False,),
}
# Keys of Label Studio's that follow from others.
DERIVED = ("requeue_rejected_tasks_to_annotator", "requeue_rejected_tasks_mode")

# With anything else Label Studio's list of projects fails for everybody who sees this project.
HEX_COLOR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("A color is written #RRGGBB."))

# Totals of a project: key on the wire → name in tasks.totals. Annotators read those of their own work.
TOTALS = {
    "task_number": "tasks",
    "finished_task_number": "finished",
    "total_annotations_number": "annotations",
    "skipped_annotations_number": "skipped",
    "total_predictions_number": "predictions",
    "reviewed_number": "reviewed",
    "reviews_accepted_number": "accepted",
    "reviews_rejected_number": "rejected",
    "review_sample_number": "sampled",
    "review_done_number": "review_done",
}


class ReviewSettingsSerializer(KnownKeys, serializers.ModelSerializer):
    """`review_settings`, as sent."""

    read_keys = ("id", "project", *DERIVED, *NOT_SUPPORTED)
    require_comment_on_reject = serializers.BooleanField(
        source="require_review_comment_on_reject", required=False
    )
    instruction = serializers.CharField(source="review_instruction", required=False, allow_blank=True)
    show_instruction = serializers.BooleanField(source="show_review_instruction", required=False)
    max_rounds = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=32_767)

    class Meta:
        model = Project
        fields = list(REVIEW_SETTINGS)
        extra_kwargs: dict[str, dict[str, Any]] = {name: {"required": False} for name in fields}
        extra_kwargs["review_task_limit_percent"] |= {"min_value": 0, "max_value": 100}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        # Label Studio sends null for "no limit".
        if "review_task_limit_percent" in data and data["review_task_limit_percent"] is None:
            data = {**data, "review_task_limit_percent": 100}
        return super().to_internal_value(data)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        unsupported = [
            name
            for name, accepted in NOT_SUPPORTED.items()
            if self.initial_data.get(name, accepted[0]) not in accepted
        ]
        if unsupported:
            raise serializers.ValidationError(
                dict.fromkeys(unsupported, _("This setting does nothing here, so it is not stored."))
            )
        return sent


class AssignmentSettingsSerializer(KnownKeys, serializers.ModelSerializer):
    read_keys = ("id", "project")
    label_stream_task_distribution = serializers.ChoiceField(choices=Distribution.choices, required=False)

    class Meta:
        model = Project
        fields = ["label_stream_task_distribution"]


class ShownReviewSettingsSerializer(ReviewSettingsSerializer):
    """`review_settings`, as answered."""

    id = serializers.IntegerField(help_text="Of the project.")
    project = serializers.IntegerField()
    review_task_limit_percent = serializers.CharField(help_text="A decimal, as Label Studio writes it.")
    requeue_rejected_tasks_to_annotator = serializers.BooleanField()
    requeue_rejected_tasks_mode = serializers.CharField(allow_null=True)
    show_data_manager_to_reviewers = serializers.BooleanField()
    show_agreement_to_reviewers = serializers.BooleanField()

    class Meta(ReviewSettingsSerializer.Meta):
        fields = [
            "id",
            "project",
            *REVIEW_SETTINGS,
            "requeue_rejected_tasks_to_annotator",
            "requeue_rejected_tasks_mode",
            *NOT_SUPPORTED,
        ]


class ShownAssignmentSettingsSerializer(AssignmentSettingsSerializer):
    id = serializers.IntegerField(help_text="Of the project.")

    class Meta(AssignmentSettingsSerializer.Meta):
        fields = ["id", *ASSIGNMENT_SETTINGS]


def review_settings(project: Project) -> dict[str, Any]:
    """Label Studio's nested object, with the keys it derives from others."""
    stored = {name: getattr(project, field) for name, field in REVIEW_SETTINGS.items()}
    # A decimal in Label Studio's JSON is a string.
    stored["review_task_limit_percent"] = f"{float(project.review_task_limit_percent):g}"
    requeue = project.default_reject_action == "requeue"
    return {
        "id": project.pk,
        "project": project.pk,
        **stored,
        "requeue_rejected_tasks_to_annotator": requeue,
        "requeue_rejected_tasks_mode": None,
        **{name: accepted[0] for name, accepted in NOT_SUPPORTED.items()},
    }


def _totals(projects: list[Project], context: Any) -> dict[int, dict[str, int]]:
    """As the reader may know them; in the body of an event, which has no reader, as they are."""
    request = context.get("request")
    return totals_for(request.user, projects) if request else totals_of([project.pk for project in projects])


class ProjectListSerializer(serializers.ListSerializer):
    """Reads the totals of a page in one query."""

    def to_representation(self, data: Any) -> list[Any]:
        projects = list(data.all() if hasattr(data, "all") else data)
        context = cast(dict[str, Any], self.context)
        context.setdefault("totals", {}).update(_totals(projects, context))
        context["recalculating"] = recalculating([project.pk for project in projects])
        return super().to_representation(projects)


class OppositeField(serializers.BooleanField):
    """Label Studio's name for a setting that has the opposite meaning here."""

    def to_internal_value(self, data: Any) -> bool:
        return not super().to_internal_value(data)

    def to_representation(self, value: Any) -> bool:
        return not super().to_representation(value)


# Fields of projects in Label Studio that are not here. Its own pages ask for some of them by `include`.
LABEL_STUDIO_ONLY = (
    "annotation_count",
    "config_suitable_for_bulk_annotation",
    "ground_truth_number",
    "num_tasks_with_annotations",
    "queue_done",
    "queue_total",
    "state",
    "task_count",
    "task_data_login",
    "task_data_password",
    "useful_annotation_number",
)


class ProjectSerializer(NamesPeople, serializers.ModelSerializer):
    organization = serializers.SerializerMethodField()
    enable_empty_annotation = OppositeField(
        source="require_result", required=False, help_text="The opposite of `require_result`."
    )
    created_by = PersonSerializer(read_only=True)
    config_has_control_tags = serializers.SerializerMethodField()
    parsed_label_config = serializers.SerializerMethodField()
    recalculating = serializers.SerializerMethodField(
        help_text="A change of settings is being applied to the tasks: see the job of kind `recalculate`."
    )
    review_settings = serializers.SerializerMethodField()
    assignment_settings = serializers.SerializerMethodField()
    task_number = serializers.IntegerField(read_only=True)
    finished_task_number = serializers.IntegerField(read_only=True)
    total_annotations_number = serializers.IntegerField(read_only=True)
    skipped_annotations_number = serializers.IntegerField(read_only=True)
    total_predictions_number = serializers.IntegerField(read_only=True)
    reviewed_number = serializers.IntegerField(read_only=True)
    reviews_accepted_number = serializers.IntegerField(read_only=True)
    reviews_rejected_number = serializers.IntegerField(read_only=True)
    review_sample_number = serializers.IntegerField(read_only=True)
    review_done_number = serializers.IntegerField(read_only=True)

    class Meta:
        model = Project
        list_serializer_class = ProjectListSerializer
        fields = [
            "id",
            "organization",
            "title",
            "description",
            "label_config",
            "expert_instruction",
            "show_instruction",
            "color",
            "maximum_annotations",
            "created_by",
            "created_at",
            "updated_at",
            "pinned_at",
            "timezone",
            "validate_results",
            "require_result",
            "enable_empty_annotation",
            "media_origins",
            "enable_review_workflow",
            "allow_self_review",
            "require_review_comment_on_reject",
            "config_has_control_tags",
            "parsed_label_config",
            "review_settings",
            "assignment_settings",
            "recalculating",
            *TOTALS,
        ]
        read_only_fields = ["id", "created_at", "updated_at"]
        extra_kwargs = {
            # Without one a new project is called "New Project #n", as in Label Studio.
            "title": {"min_length": 3, "required": False},
            # Empty while the project is being set up, as in Label Studio.
            "label_config": {"allow_blank": True, "trim_whitespace": False},
            "maximum_annotations": {"min_value": 1, "max_value": 1000},
            "color": {"validators": [HEX_COLOR]},
        }

    def get_fields(self) -> dict[str, serializers.Field]:
        """With `include=`, as Label Studio has it, only the fields named there."""
        fields = super().get_fields() | default_fields()
        included = cast(dict[str, Any], self.context).get("include")
        if not included:
            return fields
        refuse_unknown_fields(included, [*fields, *LABEL_STUDIO_ONLY])
        return {name: field for name, field in fields.items() if name in included}

    def get_organization(self, project: Project) -> int:
        return ORGANIZATION

    def get_config_has_control_tags(self, project: Project) -> bool:
        return bool(parse(project.label_config).controls)

    def get_parsed_label_config(self, project: Project) -> dict[str, Any]:
        return parse(project.label_config).as_parsed()

    def get_recalculating(self, project: Project) -> bool:
        known = cast(dict[str, Any], self.context).get("recalculating")
        return project.pk in (recalculating([project.pk]) if known is None else known)

    @extend_schema_field(ShownReviewSettingsSerializer)
    def get_review_settings(self, project: Project) -> dict[str, Any]:
        return review_settings(project)

    @extend_schema_field(ShownAssignmentSettingsSerializer)
    def get_assignment_settings(self, project: Project) -> dict[str, Any]:
        return {
            "id": project.pk,
            **{name: getattr(project, field) for name, field in ASSIGNMENT_SETTINGS.items()},
        }

    def to_representation(self, project: Project) -> dict[str, Any]:
        for name, counted in TOTALS.items():
            if name in self.fields:
                setattr(project, name, self._totals(project)[counted])
        return super().to_representation(project)

    def _totals(self, project: Project) -> dict[str, int]:
        # ProjectListSerializer has read them all at once; a single project reads its own.
        known = cast(dict[str, Any], self.context).setdefault("totals", {})
        if project.pk not in known:
            known.update(_totals([project], self.context))
        return known[project.pk]


class ProjectCountsSerializer(ProjectSerializer):
    """Only the totals of a project."""

    class Meta(ProjectSerializer.Meta):
        fields = ["id", *TOTALS]
        read_only_fields = fields
        extra_kwargs: dict[str, Any] = {}

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: field for name, field in super().get_fields().items() if name in self.Meta.fields}


class LabelConfigSerializer(serializers.Serializer):
    label_config = serializers.CharField(max_length=MAX_CHARACTERS, allow_blank=True, trim_whitespace=False)


class ValidLabelConfigSerializer(LabelConfigSerializer):
    config_essential_data_has_changed = serializers.BooleanField(
        help_text="Its results differ from those of the present one."
    )


class ProjectChangeSerializer(ProjectSerializer):
    """A new or changed project. Nested settings become flat ones."""

    nested_settings = {
        "review_settings": ReviewSettingsSerializer,
        "assignment_settings": AssignmentSettingsSerializer,
    }

    class Meta(ProjectSerializer.Meta):
        pass

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        changes = super().to_internal_value(data)
        if {"require_result", "enable_empty_annotation"} <= data.keys():
            wanted = self.fields["require_result"].to_internal_value(data["require_result"])
            if changes["require_result"] != wanted:
                raise serializers.ValidationError(
                    {
                        "enable_empty_annotation": _(
                            "This says the opposite of require_result. Send one of them."
                        )
                    }
                )
        for name, nested in self.nested_settings.items():
            sent = data.get(name)
            if isinstance(sent, dict):
                serializer = nested(data=sent, partial=True)
                if not serializer.is_valid():
                    raise serializers.ValidationError({name: serializer.errors})
                changes |= serializer.validated_data
        return changes


class ProgressSerializer(serializers.Serializer):
    """`done`: tasks that are reviewed or not in the review sample; without reviews, finished ones.

    `percent` is of `tasks`.
    """

    project = serializers.IntegerField()
    tasks = serializers.IntegerField()
    finished = serializers.IntegerField(help_text="Tasks that have all their annotations.")
    reviewed = serializers.IntegerField(help_text="Tasks.")
    unsampled = serializers.IntegerField(
        help_text="Tasks that are not in the review sample: they count as done."
    )
    done = serializers.IntegerField()
    percent = serializers.FloatField()
    annotations = serializers.IntegerField()
    skipped = serializers.IntegerField()
    accepted = serializers.IntegerField(help_text="Annotations, also those fixed.")
    rejected = serializers.IntegerField(help_text="Annotations.")
    in_review = serializers.IntegerField(help_text="Annotations that wait for a verdict, at most 10,000.")
    returned = serializers.IntegerField(help_text="Annotations returned for rework, at most 10,000.")
    is_estimate = serializers.BooleanField(help_text="`in_review` or `returned` is a lower bound.")
