"""Somebody's own models: labels, versions, and what they find."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.filters.parameters import parameters_of
from api.pagination import Pages
from api.views.base import sent, user_of, visible

from .. import audit_models, datasets, fitting, labelling
from ..models import AuditModel, Dataset, Label, Version
from .documentation import documented
from .examples import COMMENT, MODEL, PROGRESS, TO_LABEL, TOPIC_ROW, VERSION
from .findings import BAD_COMMENTS, NOT_FITTED, FindingPages, Findings
from .parameters import CommentParameters, ModelParameters, TopicParameters
from .serializers import (
    AnswerSerializer,
    AuditLabelSerializer,
    AuditModelSerializer,
    AuditVersionSerializer,
    BatchSerializer,
    CommentRowSerializer,
    CommentToLabelSerializer,
    GivenSerializer,
    NewAuditModelSerializer,
    RenameSerializer,
    SampleSerializer,
    StoredLabelsSerializer,
    TopicRowSerializer,
)

GROUP = {"group_has_no_labels": "A group's model is made of the ratings of its raters."}
ANSWERS = [{"comment": 907, "value": 3}, {"comment": 911, "value": None}]


def context_of(models: list[AuditModel]) -> dict[str, Any]:
    """What AuditModelSerializer shows of each of these."""
    return {"progress": labelling.progress_of(models), "newest": fitting.newest_of(models)}


def body_of(model: AuditModel) -> dict[str, Any]:
    return dict(AuditModelSerializer(model, context=context_of([model])).data)


class AuditModelViewSet(Findings):
    queryset = AuditModel.objects.select_related("dataset", "topic").order_by("-id")
    serializer_class = AuditModelSerializer
    pagination_class = Pages

    @documented(AuditModelSerializer(many=True), example=MODEL, parameters=[ModelParameters])
    def list(self, request: Request) -> Response:
        """Your models, newest first."""
        wanted, found = parameters_of(ModelParameters, request), self.get_queryset()
        if "dataset" in wanted:
            found = found.filter(dataset=visible(Dataset.objects, request, wanted["dataset"]))
        return self.page_of(
            found,
            bodies_of=lambda rows, _: [*AuditModelSerializer(rows, many=True, context=context_of(rows)).data],
        )

    @documented(
        AuditModelSerializer,
        status=201,
        example=MODEL | {"progress": PROGRESS | {"labels": 0, "unsure": 0, "needed": 10}, "version": None},
        request=NewAuditModelSerializer,
        examples=[
            OpenApiExample("A personal model", {"dataset": 3, "name": "Calm Heron"}, request_only=True),
            OpenApiExample(
                "Tuned for a topic",
                {"dataset": 3, "name": "Football", "kind": "topic", "parent": 8, "topic": 41},
                request_only=True,
            ),
            OpenApiExample(
                "Of a group",
                {"dataset": 3, "name": "Women", "kind": "group", "filters": {"gender": "female"}},
                request_only=True,
            ),
        ],
        refusals={
            "name_taken": 'You have a model called "Calm Heron" already.',
            "topic_too_small": "A topic needs 150 comments to have a model of its own.",
            "group_too_small": "Fewer than 5 raters match: a model of them would say what single persons"
            " think. Choose fewer filters.",
        },
    )
    def create(self, request: Request) -> Response:
        """A new model of yours: personal, tuned for a topic, or of a group of raters."""
        body, user = sent(NewAuditModelSerializer, request), user_of(request)
        dataset = visible(Dataset.objects, request, body["dataset"])
        parent = body.get("parent")
        model = audit_models.create(
            dataset,
            actor=user,
            name=body["name"] if "name" in body else audit_models.suggest_name(dataset, user),
            kind=body["kind"],
            parent=visible(AuditModel.objects, request, parent) if parent else None,
            topic=datasets.topic_named(dataset, body.get("topic")),
            filters=body.get("filters"),
        )
        return Response(body_of(model), status=status.HTTP_201_CREATED)

    @documented(AuditModelSerializer, example=MODEL)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One of your models."""
        return Response(body_of(self.get_object()))

    @documented(
        AuditModelSerializer,
        example=MODEL,
        request=RenameSerializer,
        examples=[OpenApiExample("Another name", {"name": "Calm Heron"}, request_only=True)],
        refusals={"name_taken": 'You have a model called "Calm Heron" already.'},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename it."""
        return Response(
            body_of(audit_models.rename(self.get_object(), sent(RenameSerializer, request)["name"]))
        )

    @documented(
        OpenApiResponse(description="Deleted, with its labels, versions and reports."),
        status=204,
        refusals={"has_sent_reports": "A report of this model was sent to the register, so it stays."},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it, with its labels, versions and reports, and the models that are tuned from it."""
        audit_models.delete(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(
        CommentToLabelSerializer(many=True),
        example=TO_LABEL,
        methods=["get"],
        description="Comments that were given and have no answer yet, in the order in which they were given.",
    )
    @documented(
        GivenSerializer,
        example={"comments": [TO_LABEL], "progress": PROGRESS | {"unlabelled": 1}},
        methods=["post"],
        request=BatchSerializer,
        examples=[OpenApiExample("Ten of a topic", {"n": 10, "topic": 41}, request_only=True)],
        refusals=GROUP | {"invalid_n": "n is a number from 1 to 200."},
    )
    @action(detail=True, methods=["get", "post"], url_path="label-batch")
    def label_batch(self, request: Request, pk: str) -> Response:
        """Comments to label that this model was never given, spread over the bins of the data set; fewer when
        fewer are left."""
        model = self.get_object()
        if request.method == "GET":
            return self.page_of(labelling.open_comments(model), CommentToLabelSerializer)
        body = sent(BatchSerializer, request)
        topic = datasets.topic_named(model.dataset, body.get("topic"))
        comments = labelling.next_batch(model, body.get("n"), topic=topic)
        given = {"comments": comments, "progress": labelling.progress(model)}
        return Response(GivenSerializer(given).data)

    @documented(
        AuditLabelSerializer(many=True),
        example={"comment": TO_LABEL, "value": 3, "changed_at": "2026-05-05T10:05:00.000000Z"},
        methods=["get"],
        description="All labels of the model, oldest first.",
    )
    @documented(
        StoredLabelsSerializer,
        example={"labels": ANSWERS, "progress": PROGRESS},
        methods=["put"],
        request=AnswerSerializer(many=True),
        examples=[OpenApiExample("A label, and unsure", ANSWERS, request_only=True)],
        refusals=GROUP
        | {
            "invalid_label": "Comment 907: a label is a whole number from 0 to 4, or null for unsure.",
            "unknown_comment": "This data set has no comment 12.",
        },
    )
    @action(detail=True, methods=["get", "put"])
    def labels(self, request: Request, pk: str) -> Response:
        """Store labels, all or none. A later one replaces an earlier one of the same comment; null is unsure,
        which is kept and not learned from."""
        model = self.get_object()
        if request.method == "GET":
            rows = Label.objects.filter(model=model).select_related("comment__topic").order_by("id")
            return self.page_of(rows, AuditLabelSerializer)
        body: Any = sent(AnswerSerializer, request, many=True)
        answers = [(one["comment"], one["value"]) for one in body]
        stored = {label.comment_id: label for label in labelling.put_labels(model, answers)}
        labels = [stored[comment] for comment, _ in answers]
        return Response(
            StoredLabelsSerializer({"labels": labels, "progress": labelling.progress(model)}).data
        )

    @documented(
        AuditVersionSerializer,
        status=201,
        example=VERSION,
        request=None,
        refusals={
            "too_few_labels": "A model needs 10 labels and has 9. Unsure does not count. Label 1 more.",
            "no_base_model": "No base model is fitted to this data set yet. Ask its lead.",
        },
    )
    @action(detail=True, methods=["post"])
    def fit(self, request: Request, pk: str) -> Response:
        """A new version, from the labels as they are now."""
        model = self.get_object()
        version = fitting.fit(model)
        version.model = model
        return Response(AuditVersionSerializer(version).data, status=status.HTTP_201_CREATED)

    @documented(AuditVersionSerializer(many=True), example=VERSION)
    @action(detail=True)
    def versions(self, request: Request, pk: str) -> Response:
        """Newest first."""
        rows = fitting.versions(self.get_object()).select_related("model__dataset")
        return self.page_of(rows, AuditVersionSerializer)

    @documented(
        TopicRowSerializer(many=True),
        example=TOPIC_ROW,
        refusals=NOT_FITTED,
        parameters=[TopicParameters],
    )
    @action(detail=True, pagination_class=FindingPages)
    def topics(self, request: Request, pk: str) -> Response:
        """Where the model and the system disagree, by topic."""
        version, wanted = self._asked(request, TopicParameters)
        return self.topics_answer(version.model.dataset, version, wanted)

    @documented(
        CommentRowSerializer(many=True),
        example=COMMENT,
        refusals=NOT_FITTED | BAD_COMMENTS,
        parameters=[CommentParameters],
    )
    @action(detail=True, pagination_class=FindingPages)
    def comments(self, request: Request, pk: str) -> Response:
        """Comments by topic, search or id, where the two differ most first."""
        version, wanted = self._asked(request, CommentParameters)
        return self.comments_answer(version.model.dataset, version, wanted)

    @documented(SampleSerializer, refusals=NOT_FITTED | BAD_COMMENTS, parameters=[CommentParameters])
    @action(detail=True, url_path="comments/sample")
    def comments_sample(self, request: Request, pk: str) -> Response:
        """At most 500 of the comments that the same question to `comments/` finds, for a picture."""
        version, wanted = self._asked(request, CommentParameters)
        return self.sample_answer(version.model.dataset, version, wanted)

    def _asked(self, request: Request, parameters: type) -> tuple[Version, dict[str, Any]]:
        model, wanted = self.get_object(), parameters_of(parameters, request)
        return fitting.require_version(model, wanted.get("version")), wanted
