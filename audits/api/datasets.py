"""Data sets: what is audited, what the system under audit says alone, and what a screen needs to begin."""

from drf_spectacular.utils import OpenApiExample
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.filters.parameters import parameters_of
from api.pagination import Pages
from api.views.base import sent, user_of

from .. import audit_models, datasets, groups, results
from ..maths.formulas import ErrorType, Stat
from ..models import AuditModel, Dataset, Kind
from .documentation import documented
from .examples import COMMENT, DATASET, EXAMPLE, MODEL, ONE_DATASET, TOPIC, TOPIC_ROW
from .findings import BAD_COMMENTS, BAD_TOPICS, FindingPages, Findings
from .models import context_of
from .parameters import (
    DatasetCommentParameters,
    DatasetTopicParameters,
    ExampleParameters,
    GroupParameters,
)
from .serializers import (
    AuditSettingsSerializer,
    CommentRowSerializer,
    DatasetChangeSerializer,
    DatasetSerializer,
    GroupSizeSerializer,
    OneDatasetSerializer,
    SampleSerializer,
    SystemCommentSerializer,
    TopicRowSerializer,
)

OF_MODELS = ("mean", "median", "mae", "mse", "avg_diff", "fp", "fn")
TOPIC_ALONE = TOPIC_ROW | {"placed": 1.9} | dict.fromkeys(OF_MODELS)
COMMENT_ALONE = COMMENT | dict.fromkeys(set(COMMENT) - set(EXAMPLE))
SETTINGS = {
    "display_name": "Calm Heron",
    "suggested_name": "Calm Heron 2",
    "models": {"personal": [MODEL], "topic": [], "group": []},
    "topics": {"tuned": [], "others": [{"topic": TOPIC, "comments": 214}], "for_tuning": []},
    "demographics": {"gender": ["female", "male"], "race": ["asian", "black", "white"]},
    "offered": {
        "stats": [stat.value for stat in Stat],
        "error_types": [kind.value for kind in ErrorType],
        "keep": [0, 1],
        "remove": [2, 3, 4],
    },
}


class DatasetViewSet(Findings):
    queryset = Dataset.objects.select_related("project").order_by("-id")
    serializer_class = OneDatasetSerializer
    pagination_class = Pages

    @documented(DatasetSerializer(many=True), example=DATASET)
    def list(self, request: Request) -> Response:
        """The data sets you may audit, newest first."""
        return self.page_of(self.get_queryset(), DatasetSerializer)

    @documented(OneDatasetSerializer, example=ONE_DATASET)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One, with all its settings."""
        return Response(self.get_serializer(self.get_object()).data)

    @documented(
        OneDatasetSerializer,
        example=ONE_DATASET,
        request=DatasetChangeSerializer(partial=True),
        examples=[OpenApiExample("Ask for more labels", {"min_labels": 20}, request_only=True)],
        refusals={"invalid_threshold": "The threshold is above 0 and at most 4."},
        forbidden=True,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change settings: managers of its project; if it has none, administrators."""
        dataset = self.get_object()
        datasets.require_manager(dataset.project, user_of(request))
        changes = sent(DatasetChangeSerializer, request, partial=True)
        dataset = datasets.update(dataset, changes, actor=user_of(request))
        return Response(self.get_serializer(dataset).data)

    @documented(
        TopicRowSerializer(many=True),
        example=TOPIC_ALONE,
        refusals=BAD_TOPICS,
        parameters=[DatasetTopicParameters],
    )
    @action(detail=True, pagination_class=FindingPages)
    def topics(self, request: Request, pk: str) -> Response:
        """What the system says by topic, without a model to compare it with."""
        return self.topics_answer(self.get_object(), None, parameters_of(DatasetTopicParameters, request))

    @documented(
        CommentRowSerializer(many=True),
        example=COMMENT_ALONE,
        refusals=BAD_COMMENTS,
        parameters=[DatasetCommentParameters],
    )
    @action(detail=True, pagination_class=FindingPages)
    def comments(self, request: Request, pk: str) -> Response:
        """Comments by topic, search or id, with what the system says."""
        return self.comments_answer(self.get_object(), None, parameters_of(DatasetCommentParameters, request))

    @documented(SampleSerializer, refusals=BAD_COMMENTS, parameters=[DatasetCommentParameters])
    @action(detail=True, url_path="comments/sample")
    def comments_sample(self, request: Request, pk: str) -> Response:
        """At most 500 of the comments that the same question to `comments/` finds, for a picture."""
        return self.sample_answer(self.get_object(), None, parameters_of(DatasetCommentParameters, request))

    @documented(
        SystemCommentSerializer(many=True),
        example=EXAMPLE,
        refusals={"invalid_n": f"n is a number from 1 to {datasets.MAX_EXAMPLES}."},
        parameters=[ExampleParameters],
    )
    @action(detail=True, pagination_class=None)
    def examples(self, request: Request, pk: str) -> Response:
        """Comments from all over the system's scale, from low to high; the same ones every time."""
        dataset = self.get_object()
        found = datasets.examples(dataset, parameters_of(ExampleParameters, request)["n"])
        return Response(SystemCommentSerializer(results.system_rows(dataset, found), many=True).data)

    @documented(
        GroupSizeSerializer,
        example={"size": 31, "is_suppressed": False, "min_group": 5},
        parameters=[GroupParameters],
    )
    @action(detail=True, url_path="group-size")
    def group_size(self, request: Request, pk: str) -> Response:
        """How many raters match, of whom a model of kind group would be."""
        dataset = self.get_object()
        found = groups.group_size(dataset, parameters_of(GroupParameters, request))
        return Response(
            {"size": found.size, "is_suppressed": found.is_suppressed, "min_group": dataset.min_group}
        )

    @documented(AuditSettingsSerializer, example=SETTINGS)
    @action(detail=True, url_path="settings")
    def audit_settings(self, request: Request, pk: str) -> Response:
        """What a screen needs to begin."""
        dataset, user = self.get_object(), user_of(request)
        mine = AuditModel.objects.visible_to(user).filter(dataset=dataset).select_related("dataset", "topic")
        models = list(mine.order_by("-id"))
        tuned = {model.topic_id for model in models}
        suggested = datasets.suggested_topics(dataset)
        scale = range(dataset.scale_max + 1)
        body = {
            "display_name": datasets.friendly_name(user),
            "suggested_name": audit_models.suggest_name(dataset, user),
            "models": {kind: [one for one in models if one.kind == kind] for kind in Kind.values},
            "topics": {
                "tuned": [one for one in suggested if one.topic.pk in tuned],
                "others": [one for one in suggested if one.topic.pk not in tuned],
                "for_tuning": datasets.suggested_topics(dataset, is_tuning=True),
            },
            "demographics": datasets.demographics(dataset),
            "offered": {
                "stats": list(Stat),
                "error_types": list(ErrorType),
                "keep": [value for value in scale if value < dataset.threshold],
                "remove": [value for value in scale if value >= dataset.threshold],
            },
        }
        return Response(AuditSettingsSerializer(body, context=context_of(models)).data)
