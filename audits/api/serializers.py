"""Data sets, models, labels, topics and comments on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tasks.known_names import KnownKeys

from .. import datasets, fitting
from ..models import AuditModel, Comment, Dataset, Kind, Label, Topic, Version
from ..results import TopicRow
from ..settings_of_datasets import MAX_BATCH
from .examples import DATASET, MODEL, ONE_DATASET, TO_LABEL
from .parameters import ERROR_TYPES, MAX_ID, STATS

ID: dict[str, Any] = {"min_value": 1, "max_value": MAX_ID}


class TopicNameSerializer(serializers.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["id", "number", "label"]
        read_only_fields = fields


# --- data sets -----------------------------------------------------------------------------------------


class DatasetSerializer(serializers.ModelSerializer):
    """A system under audit. Show `content_warning` before the first comment."""

    project = serializers.IntegerField(
        source="project_id", allow_null=True, help_text="null: everybody who is signed in may audit it."
    )

    class Meta:
        model = Dataset
        fields = [*DATASET]
        read_only_fields = fields


class BaseModelSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    algorithm = serializers.CharField()
    seed = serializers.IntegerField()
    ratings = serializers.IntegerField(help_text="How many it was fitted to.")
    uses_topic_factors = serializers.BooleanField()
    fitted_at = serializers.DateTimeField()


class OneDatasetSerializer(DatasetSerializer):
    """With all settings. `base_model` null: no model can be fitted yet."""

    comments = serializers.SerializerMethodField(help_text="How many it has.")
    base_model = serializers.SerializerMethodField()
    may_change = serializers.SerializerMethodField(help_text="Whether you may change the settings.")

    class Meta:
        model = Dataset
        fields = [*ONE_DATASET]
        read_only_fields = fields

    def get_comments(self, dataset: Dataset) -> int:
        return dataset.comments.count()

    @extend_schema_field(BaseModelSerializer(allow_null=True))
    def get_base_model(self, dataset: Dataset) -> dict[str, Any] | None:
        base = datasets.current_base(dataset)
        return dict(BaseModelSerializer(base).data) if base else None

    def get_may_change(self, dataset: Dataset) -> bool:
        return Dataset.objects.managed_by(self.context["request"].user).filter(pk=dataset.pk).exists()


class DatasetChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Dataset
        fields = datasets.SETTINGS


class GroupSizeSerializer(serializers.Serializer):
    """`size` null: fewer than `min_group` raters match, which is not told more exactly."""

    size = serializers.IntegerField(allow_null=True)
    is_suppressed = serializers.BooleanField()
    min_group = serializers.IntegerField()


# --- models --------------------------------------------------------------------------------------------


class LabelProgressSerializer(serializers.Serializer):
    labels = serializers.IntegerField()
    unsure = serializers.IntegerField()
    needed = serializers.IntegerField(help_text="Labels missing until it can be fitted.")
    unlabelled = serializers.IntegerField(help_text="Comments that were given and have no answer yet.")


class DisagreementSerializer(serializers.Serializer):
    """Predictions against the system, on the evaluation comments. Not graded: to disagree is the point."""

    n = serializers.IntegerField(help_text="How many comments.")
    mae = serializers.FloatField()
    rmse = serializers.FloatField()
    avg_diff = serializers.FloatField(help_text="Mean of prediction - system.")


class AuditVersionSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    labels = serializers.IntegerField(help_text="How many it learned from.")
    unsure = serializers.IntegerField(help_text="How many it did not learn from.")
    fit_error = serializers.FloatField(
        help_text="How well it repeats those labels, each left out once: mean absolute error."
    )
    grade = serializers.SerializerMethodField(help_text="Of `fit_error`.")
    disagreement = serializers.SerializerMethodField()
    base_model = serializers.IntegerField(source="base_id")
    created_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(["good", "okay", "label_more"]))
    def get_grade(self, version: Version) -> str:
        return fitting.grade(version.fit_error, version.model.dataset)

    @extend_schema_field(DisagreementSerializer(allow_null=True))
    def get_disagreement(self, version: Version) -> dict[str, Any] | None:
        if not version.evaluated:
            return None
        row = {name: getattr(version, name) for name in ("mae", "rmse", "avg_diff")}
        return {"n": version.evaluated} | row


class AuditModelSerializer(serializers.ModelSerializer):
    """Needs `progress` and `newest` in its context: models.context_of() has them for many at once."""

    dataset = serializers.IntegerField(source="dataset_id")
    parent = serializers.IntegerField(  # type: ignore[assignment]
        source="parent_id", allow_null=True, help_text="The personal model that a topic's model starts from."
    )
    topic = TopicNameSerializer(allow_null=True)
    filters = serializers.DictField(
        child=serializers.CharField(), help_text="Which raters a group's model is of."
    )
    progress = serializers.SerializerMethodField(help_text="null for a group's model.")
    version = serializers.SerializerMethodField(help_text="The newest; null before the first fit.")

    class Meta:
        model = AuditModel
        fields = [*MODEL]
        read_only_fields = fields

    @extend_schema_field(LabelProgressSerializer(allow_null=True))
    def get_progress(self, model: AuditModel) -> dict[str, Any] | None:
        if model.kind == Kind.GROUP:
            return None
        return dict(LabelProgressSerializer(self.context["progress"][model.pk]).data)

    @extend_schema_field(AuditVersionSerializer(allow_null=True))
    def get_version(self, model: AuditModel) -> dict[str, Any] | None:
        version = self.context["newest"].get(model.pk)
        if version is None:
            return None
        version.model = model
        return dict(AuditVersionSerializer(version).data)


class NewAuditModelSerializer(KnownKeys, serializers.Serializer):
    dataset = serializers.IntegerField(**ID)
    name = serializers.CharField(
        required=False, max_length=1000, help_text="Of your models of this data set no other has it."
        " Left out: two friendly words.",
    )  # fmt: skip
    kind = serializers.ChoiceField(Kind.choices, required=False, default=Kind.PERSONAL)
    parent = serializers.IntegerField(  # type: ignore[assignment]
        required=False, allow_null=True, help_text="For kind topic: a personal model of yours.", **ID
    )
    topic = serializers.IntegerField(
        required=False, allow_null=True, help_text="For kind topic: the id of a topic.", **ID
    )
    filters = serializers.DictField(
        child=serializers.CharField(max_length=60, allow_blank=True),
        required=False,
        help_text="For kind group: gender, politics, religion, lgbtq, race; all must match.",
    )


class RenameSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=1000)


# --- labels --------------------------------------------------------------------------------------------


class CommentToLabelSerializer(serializers.ModelSerializer):
    """Without the system's rating, which would sway whoever labels it."""

    topic = TopicNameSerializer()

    class Meta:
        model = Comment
        fields = [*TO_LABEL]
        read_only_fields = fields


class BatchSerializer(KnownKeys, serializers.Serializer):
    n = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text=f"How many, 1 to {MAX_BATCH}; by default as many as the data set's bins say.",
    )
    topic = serializers.IntegerField(
        required=False, allow_null=True, help_text="Only comments of this topic, by its id.", **ID
    )


class GivenSerializer(serializers.Serializer):
    """No comments are left when there are none here."""

    comments = CommentToLabelSerializer(many=True)
    progress = LabelProgressSerializer()


class AnswerSerializer(serializers.Serializer):
    """`value` null: unsure, which is kept and not learned from."""

    comment = serializers.IntegerField(**ID)
    value = serializers.IntegerField(allow_null=True)


class AuditLabelSerializer(serializers.ModelSerializer):
    comment = CommentToLabelSerializer()

    class Meta:
        model = Label
        fields = ["comment", "value", "changed_at"]
        read_only_fields = fields


class StoredLabelSerializer(serializers.Serializer):
    comment = serializers.IntegerField(source="comment_id")
    value = serializers.IntegerField(allow_null=True)


class StoredLabelsSerializer(serializers.Serializer):
    labels = StoredLabelSerializer(many=True)
    progress = LabelProgressSerializer()


# --- what was found ------------------------------------------------------------------------------------


class TopicRowSerializer(serializers.Serializer):
    """From `mean` on null without a model. `fp`, `fn`: shares of the `n` comments on which the system is
    over-sensitive, under-sensitive."""

    topic = TopicNameSerializer()
    is_suggested = serializers.BooleanField(help_text="Neither junk nor too small.")
    placed = serializers.SerializerMethodField(help_text="Where the topic stands by `stat`.")
    n = serializers.IntegerField()
    system_mean = serializers.FloatField()
    system_median = serializers.FloatField()
    system_toxic = serializers.FloatField(help_text="Share of the comments at the threshold and above.")
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    mae = serializers.FloatField(allow_null=True)
    mse = serializers.FloatField(allow_null=True)
    avg_diff = serializers.FloatField(allow_null=True, help_text="Mean of prediction - system.")
    fp = serializers.FloatField(allow_null=True)
    fn = serializers.FloatField(allow_null=True)

    def get_placed(self, row: TopicRow) -> float:
        return row.placed(self.context["stat"])


class SystemCommentSerializer(serializers.Serializer):
    """A comment, and what the system makes of it."""

    id = serializers.IntegerField(source="comment.pk")
    external_id = serializers.CharField(source="comment.external_id")
    text = serializers.CharField(source="comment.text")
    topic = TopicNameSerializer(source="comment.topic")
    system = serializers.FloatField()
    is_toxic = serializers.BooleanField(help_text="Whether the system's rating is at the threshold or above.")
    harms = serializers.ListField(
        child=serializers.CharField(), help_text="Harms that more than `harm_share` of the raters see."
    )


class CommentRowSerializer(SystemCommentSerializer):
    """From `predicted` on null without a model."""

    predicted = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="Prediction - system.")
    magnitude = serializers.FloatField(
        allow_null=True, help_text="|difference| if the two are on different sides of the threshold, else 0."
    )
    error_type = serializers.ChoiceField(ERROR_TYPES, allow_null=True)
    label = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="Yours; of a topic's model also that of its parent."
    )


class PointSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    system = serializers.FloatField()
    predicted = serializers.FloatField(allow_null=True)
    error_type = serializers.ChoiceField(ERROR_TYPES, allow_null=True)


class SampleSerializer(serializers.Serializer):
    """For a picture: at most 500 of the comments found, the same ones every time, in the order of the list.
    `disagreement` is that of all `count`; it and `version` are null without a model."""

    version = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField(help_text="How many were found.")
    disagreement = DisagreementSerializer(allow_null=True)
    comments = PointSerializer(many=True)


# --- settings ------------------------------------------------------------------------------------------


class TopicCountSerializer(serializers.Serializer):
    topic = TopicNameSerializer()
    comments = serializers.IntegerField()


class TopicsOfSettingsSerializer(serializers.Serializer):
    tuned = TopicCountSerializer(many=True, help_text="You have a model of each.")
    others = TopicCountSerializer(many=True)
    for_tuning = TopicCountSerializer(many=True, help_text="Big enough for a model of their own.")


class ModelsByKindSerializer(serializers.Serializer):
    personal = AuditModelSerializer(many=True)
    topic = AuditModelSerializer(many=True)
    group = AuditModelSerializer(many=True)


class OfferedSerializer(serializers.Serializer):
    """Values of parameters and labels."""

    stats = serializers.ListField(child=serializers.ChoiceField(STATS))
    error_types = serializers.ListField(child=serializers.ChoiceField(ERROR_TYPES))
    keep = serializers.ListField(child=serializers.IntegerField(), help_text="Labels that mean: keep it.")
    remove = serializers.ListField(child=serializers.IntegerField(), help_text="And: remove it.")


class AuditSettingsSerializer(serializers.Serializer):
    """All that a screen needs to begin: your models by kind, topics, what can be asked for, and two friendly
    words to greet a newcomer by."""

    display_name = serializers.CharField()
    suggested_name = serializers.CharField(help_text="For your next model.")
    models = ModelsByKindSerializer()
    topics = TopicsOfSettingsSerializer()
    demographics = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="The values by which a group can be chosen.",
    )
    offered = OfferedSerializer()
