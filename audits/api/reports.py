"""Reports: written, completed and submitted by the owner of a model."""

from typing import Any

from django.db.models import prefetch_related_objects
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import Pages
from api.views.base import ViewSet, sent, user_of
from api.views.known_parameters import GenericAPIView
from tasks.known_names import KnownKeys

from .. import audit_models, fitting, reports, scaffolds, submitting
from ..models import Category, Evidence, Report, ReportErrorType, Revision, Scaffold, Submission
from .documentation import documented

TIME = "2026-05-04T09:30:00.000000Z"
TEXTS = {
    "title": "Friendly hats are removed",
    "error_type": "over",
    "category": "bias",
    "summary": "Nobody is hurt by a hat. Yet such comments go.",
}
EVIDENCE = {
    "id": 9,
    "comment": 311,
    "external_id": "c311",
    "text": "What a silly hat, I love it.",
    "topic": "hats",
    "system": 2.4,
    "predicted": 0.7,
    "label": 0,
    "version": 2,
    "created_at": TIME,
}
REPORT: dict[str, Any] = {
    "id": 5,
    "model": 8,
    **TEXTS,
    "scaffold": "personal",
    "hint": "By your model, the system removes many comments about “hats” that you would keep. …",
    "topic": 14,
    "state": "draft",
    "edits": 3,
    "revision": 0,
    "evidence_count": 1,
    "created_at": TIME,
    "changed_at": TIME,
}
WHOLE = REPORT | {"missing": [], "evidence": [EVIDENCE]}
SUBMISSION = {
    "state": "submitted",
    "consent": False,
    "name": "",
    "email": "",
    "attempts": 1,
    "last_error": "",
    "register_id": "0b0f2f6e-6a37-4f0e-a8b5-3f3c6b0f4d11",
    "register_status": "In review",
    "created_at": TIME,
    "submitted_at": TIME,
}
REVISION = {
    "number": 1,
    "created_at": TIME,
    "public_url": "https://audits.example/audits/public/5e2b3c1a-8f49-4a55-9d0e-0b8a4f3e2c10/",
    "body": {**TEXTS, "judgement": {}, "system": {}, "evidence": []},
    "submission": SUBMISSION,
}


class EvidenceSerializer(serializers.ModelSerializer):
    """A comment as it was when it was added. `comment` is null once the comment was deleted; `predicted` and
    `version` without a fitted model; `label` if the person did not label it, or is unsure."""

    comment = serializers.IntegerField(source="comment_id", allow_null=True)
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)

    class Meta:
        model = Evidence
        fields = [*EVIDENCE]
        read_only_fields = fields


class ReportSerializer(serializers.ModelSerializer):
    """`hint` says what its author may look for. Each change of one of its texts raises `edits`."""

    model = serializers.IntegerField(source="model_id")
    topic = serializers.IntegerField(source="topic_id", allow_null=True)
    error_type = serializers.ChoiceField(ReportErrorType.choices, allow_blank=True)
    category = serializers.ChoiceField(Category.choices, allow_blank=True)
    hint = serializers.SerializerMethodField()
    evidence_count = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = [*REPORT]
        read_only_fields = fields

    def get_hint(self, report: Report) -> str:
        return scaffolds.hint(report)

    def get_evidence_count(self, report: Report) -> int:
        return len(report.evidence.all())


class WholeReportSerializer(ReportSerializer):
    """`missing` names what it needs before it is complete."""

    missing = serializers.SerializerMethodField()
    evidence = EvidenceSerializer(many=True)

    class Meta(ReportSerializer.Meta):
        fields = [*WHOLE]
        read_only_fields = fields

    def get_missing(self, report: Report) -> list[str]:
        return reports.missing(report)


class TextsSerializer(serializers.Serializer):
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    error_type = serializers.ChoiceField(ReportErrorType.choices, required=False, allow_blank=True)
    category = serializers.ChoiceField(Category.choices, required=False, allow_blank=True)
    summary = serializers.CharField(
        required=False, allow_blank=True, max_length=reports.MAX_SUMMARY, trim_whitespace=False
    )


class EditsSerializer(serializers.Serializer):
    edits = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text="Of the report that you saw: refused as `stale` if it was changed since.",
    )


class ChangeSerializer(TextsSerializer, EditsSerializer):
    pass


class ScaffoldSerializer(KnownKeys, serializers.Serializer):
    scaffold = serializers.ChoiceField(Scaffold.choices)


class AddEvidenceSerializer(KnownKeys, serializers.Serializer):
    comments = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=reports.MAX_EVIDENCE
    )
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="Number; by default the newest."
    )


class SubmitSerializer(KnownKeys, serializers.Serializer):
    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    email = serializers.CharField(required=False, allow_blank=True, max_length=254)
    consent = serializers.BooleanField(
        default=False,
        help_text="To publish the name and to send both to the register; otherwise they are kept nowhere.",
    )


class SubmissionSerializer(serializers.ModelSerializer):
    """`register_status` is what the register calls the state of its review."""

    email = serializers.CharField(help_text="Empty where nobody consented.")

    class Meta:
        model = Submission
        fields = [*SUBMISSION]
        read_only_fields = fields


class RevisionSerializer(serializers.ModelSerializer):
    """A report as it was when it was complete. `public_url` answers 404 until it is submitted."""

    public_url = serializers.SerializerMethodField()
    submission = SubmissionSerializer(default=None, allow_null=True)

    class Meta:
        model = Revision
        fields = [*REVISION]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField)
    def get_public_url(self, revision: Revision) -> str:
        return submitting.public_url(revision)


class ModelReports(GenericAPIView):
    """Reports of one model."""

    queryset = Report.objects.none()
    serializer_class = ReportSerializer
    pagination_class = Pages

    @documented(ReportSerializer(many=True), example=REPORT)
    def get(self, request: Request, pk: int) -> Response:
        """The reports of your model, newest first, without their evidence."""
        model = audit_models.get_visible(user_of(request), pk)
        rows = Report.objects.filter(model=model).select_related("topic").prefetch_related("evidence")
        page = self.paginate_queryset(rows.order_by("-id"))
        return self.get_paginated_response(ReportSerializer(page, many=True).data)

    @documented(
        WholeReportSerializer,
        example=WHOLE,
        status=201,
        request=TextsSerializer,
        refusals={"too_many_reports": "A model has at most 200 reports. Delete some first."},
    )
    def post(self, request: Request, pk: int) -> Response:
        """A new draft, empty or with some of its texts."""
        model = audit_models.get_visible(user_of(request), pk)
        report = reports.create(model, actor=user_of(request), **sent(TextsSerializer, request))
        return Response(WholeReportSerializer(report).data, status=201)


class ScaffoldView(GenericAPIView):
    queryset = Report.objects.none()
    pagination_class = None
    serializer_class = ScaffoldSerializer

    @documented(
        ReportSerializer(many=True),
        example=REPORT,
        status=201,
        also=200,
        refusals={"not_fitted": "This model is not fitted yet: label comments, then fit it."},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Begin the reports of a scaffold. 200, not 201, if all were begun before."""
        model = audit_models.get_visible(user_of(request), pk)
        scaffold = sent(ScaffoldSerializer, request)["scaffold"]
        found, is_new = scaffolds.start(model, scaffold, actor=user_of(request))
        prefetch_related_objects(found, "evidence")
        return Response(ReportSerializer(found, many=True).data, status=201 if is_new else 200)


STALE = {"stale": "This report was changed elsewhere since you opened it. Nothing was saved over that."}


class ReportViewSet(ViewSet):
    queryset = (
        Report.objects.select_related("model__dataset", "model__topic", "topic")
        .prefetch_related("evidence__version")
        .order_by("-id")
    )
    serializer_class = WholeReportSerializer
    pagination_class = Pages

    @documented(WholeReportSerializer, example=WHOLE)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._shown(self.get_object())

    @documented(WholeReportSerializer, example=WHOLE, request=ChangeSerializer, refusals=STALE)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its texts. What was complete or submitted becomes a draft again; what was sent stays.
        A refusal as `stale` has the texts as they are now under `current`."""
        changes = sent(ChangeSerializer, request)
        edits = changes.pop("edits", None)
        return self._shown(reports.change(self.get_object(), changes, actor=user_of(request), edits=edits))

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it, unless it was submitted."""
        reports.delete(self.get_object(), actor=user_of(request))
        return Response(status=204)

    @documented(
        EvidenceSerializer(many=True),
        example=EVIDENCE,
        status=201,
        request=AddEvidenceSerializer,
        refusals={"unknown_comment": "The data set has no such comment."},
    )
    @action(detail=True, methods=["post"], pagination_class=None)
    def evidence(self, request: Request, pk: str) -> Response:
        """Add comments as they are now. One that is evidence already stays as it was."""
        report, fields = self.get_object(), sent(AddEvidenceSerializer, request)
        number = fields.get("version")
        version = fitting.require_version(report.model, number) if number else None
        added = reports.add_evidence(report, fields["comments"], actor=user_of(request), version=version)
        return Response(EvidenceSerializer(added, many=True).data, status=201)

    @extend_schema(responses={204: OpenApiResponse(description="Removed.")})
    @action(detail=True, methods=["delete"], url_path=r"evidence/(?P<evidence>\d{1,18})")
    def remove_evidence(self, request: Request, pk: str, evidence: str) -> Response:
        reports.remove_evidence(self.get_object(), int(evidence), actor=user_of(request))
        return Response(status=204)

    @documented(
        WholeReportSerializer,
        example=WHOLE | {"state": "complete", "revision": 1},
        request=EditsSerializer,
        refusals={"incomplete": "Not complete yet. Missing: a title.", **STALE},
    )
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Keep it as a revision, which can be submitted. A refusal as `incomplete` says under `missing` what
        it needs."""
        edits = sent(EditsSerializer, request).get("edits")
        return self._shown(reports.complete(self.get_object(), actor=user_of(request), edits=edits))

    @documented(
        RevisionSerializer,
        example=REVISION,
        status=202,
        request=SubmitSerializer,
        refusals={"not_complete": "Complete the report first: a draft is not submitted."},
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Queue its last revision for the register, and make it public. Repeated, the answer is what became
        of it: a revision is sent once."""
        report, fields = self.get_object(), sent(SubmitSerializer, request)
        submission = submitting.submit(report, actor=user_of(request), **fields)
        return Response(RevisionSerializer(submission.revision).data, status=202)

    @documented(
        OpenApiTypes.OBJECT, request=SubmitSerializer, refusals={"not_complete": "Complete the report first."}
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        """What `submit` would send to the register. Nothing is stored."""
        return Response(submitting.preview(self.get_object(), **sent(SubmitSerializer, request)))

    @documented(RevisionSerializer(many=True), example=REVISION)
    @action(detail=True)
    def revisions(self, request: Request, pk: str) -> Response:
        """What it was each time it was complete, newest first, and what became of it."""
        rows = Revision.objects.filter(report=self.get_object()).select_related("submission")
        return self.page_of(rows.order_by("-number"), RevisionSerializer)

    def _shown(self, report: Report) -> Response:
        return Response(self.get_serializer(report).data)
