"""Annotations, and the three actions that decide them: accept, reject, fix-and-accept."""

from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from reviews.decisions.request import Decision
from reviews.service import AnnotationReviewService
from tasks.compiled import compiled_for_reader
from tasks.errors import Refused
from tasks.models import Annotation, Draft, Prediction, Task
from tasks.permissions import CanReviewAnnotation
from tasks.querysets import AnnotationQuerySet
from tasks.roles import may_somewhere, reread_roles, use_recent_roles
from tasks.services import annotations, drafts
from users.models import User
from users.sentences import sentence as _

from ..filters.lists import AnnotationFilter, AnnotationOrder
from ..filters.parameters import DELETED, boolean_parameter
from ..openapi.headers import ETAG, IF_MATCH, IF_NONE_MATCH
from ..pagination import Pages
from ..serializers.annotations import (
    AnnotationSerializer,
    ChangedAnnotationSerializer,
    DraftSerializer,
    NewWorkSerializer,
    WorkSerializer,
    annotation_for_reader,
    draft_for_reader,
)
from ..serializers.decided import DecidedSerializer, decision_body
from ..serializers.disputes import ContestSerializer, DisputeSerializer
from ..serializers.notes import ListedAnnotationSerializer, annotations_for_reader
from ..serializers.reviews import FixSerializer, RejectSerializer, ReopenSerializer, VerdictSerializer
from .base import ViewSet, decision_arguments, person_named, seen_by, sent, user_of, visible, with_etag
from .conditional import UNCHANGED, conditional

GONE = {204: OpenApiResponse(description="Done.")}
NOT_REWORKED = _(
    "Nothing changed, so this still waits for your rework. Correct it, or contest the rejection if the work "
    "is right as it is."
)


READ_OF_RELATED = (
    "completed_by__email",
    "completed_by__first_name",
    "completed_by__last_name",
    "project__label_config",
    "project__allow_self_review",
    "project__enable_review_workflow",
    "project__only_finished_tasks",
    "project__review_only_manual_assignments",
    "project__show_reviewer_names",
    "task__is_labeled",
)


def readable(queryset: AnnotationQuerySet) -> QuerySet[Annotation]:
    """What a page of annotations needs: one query for each related table."""
    found = queryset.with_config_outdated()
    return found.prefetch_related("completed_by", "project", "task", "task__assignments")


def one_readable(reader: User) -> QuerySet[Annotation]:
    """One annotation in one query, without columns of other tables that no body and no guard reads."""
    found = Annotation.objects.visible_to(reader).with_config_outdated()
    own = [field.name for field in Annotation._meta.concrete_fields]
    return found.select_related("completed_by", "project", "task").only(*own, *READ_OF_RELATED)


# They do not read the roles of the caller anew each time, see tasks.roles.use_recent_roles.
HOT_ACTIONS = ("retrieve", "accept", "reject", "fix_and_accept")


class AnnotationViewSet(ViewSet):
    queryset = Annotation.objects.order_by("id")
    serializer_class = AnnotationSerializer
    filterset_class = AnnotationFilter
    pagination_class = Pages

    def get_queryset(self):
        return readable(super().get_queryset())

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action in HOT_ACTIONS and request.user.is_authenticated:
            use_recent_roles(request.user)

    def get_object(self) -> Annotation:
        reader, pk = user_of(self.request), int(self.kwargs["pk"])
        found = compiled_for_reader(one_readable, reader).get(pk)
        if found is None and reread_roles(reader):
            found = compiled_for_reader(one_readable, reader).get(pk)
        if found is None:
            raise Http404
        self.check_object_permissions(self.request, found)
        if found.project.review_only_manual_assignments:
            prefetch_related_objects([found.task], "assignments")
        return found

    @extend_schema(responses=ListedAnnotationSerializer(many=True), parameters=[DELETED])
    def list(self, request):
        """Annotations you see, filtered by review state, author, reviewer, counts and times.

        `deleted=true`: instead those that were deleted, for managers, who can restore them.
        """
        found = Annotation.objects.order_by("id")
        if boolean_parameter(request, "deleted"):
            rows = readable(found.deleted_for(request.user))
        else:
            rows = self.get_queryset().listed_for(request.user)
        return self.page_of(self.filter_queryset(rows), bodies_of=annotations_for_reader)

    @extend_schema(responses={200: AnnotationSerializer, 304: UNCHANGED}, parameters=[IF_NONE_MATCH, ETAG])
    def retrieve(self, request, pk=None):
        return conditional(request, self._answer(self.get_object()))

    @extend_schema(
        request=NewWorkSerializer, responses=ChangedAnnotationSerializer, parameters=[IF_MATCH, ETAG]
    )
    def partial_update(self, request, pk=None):
        """Change an annotation.

        A new result or skip flag is a new version and outdates a standing verdict. `notice` says so where
        returned work was sent unchanged.
        """
        annotation, body = self.get_object(), sent(NewWorkSerializer, request, partial=True)
        draft = _draft_of(request, body, annotation)
        changes = work_of(body, WorkSerializer, request)
        changed = drafts.edit(
            annotation.pk, changes, actor=request.user, seen=seen_by(request, body), draft=draft
        )
        answer = self._answer(changed)
        if "result" in changes and changed.version == annotation.version and changed.returned_at:
            answer.data["notice"] = NOT_REWORKED
        return answer

    @extend_schema(responses=GONE)
    def destroy(self, request, pk=None):
        annotations.delete(self.get_object().pk, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=VerdictSerializer, responses=DecidedSerializer, parameters=[IF_MATCH, ETAG])
    @action(detail=True, methods=["post"], permission_classes=[CanReviewAnnotation])
    def accept(self, request, pk=None):
        """Sign the annotation as it is."""
        asked = decision_arguments(request, sent(VerdictSerializer, request))
        return self._decided(AnnotationReviewService(request.user).accept(int(pk), **asked))

    @extend_schema(request=RejectSerializer, responses=DecidedSerializer, parameters=[IF_MATCH, ETAG])
    @action(detail=True, methods=["post"], permission_classes=[CanReviewAnnotation])
    def reject(self, request, pk=None):
        """Refuse to sign it; `reject_action` says what becomes of it."""
        asked = decision_arguments(request, sent(RejectSerializer, request))
        return self._decided(AnnotationReviewService(request.user).reject(int(pk), **asked))

    @extend_schema(request=FixSerializer, responses=DecidedSerializer, parameters=[IF_MATCH, ETAG])
    @action(
        detail=True, methods=["post"], url_path="fix-and-accept", permission_classes=[CanReviewAnnotation]
    )
    def fix_and_accept(self, request, pk=None):
        """Write the corrected `result` as a new version, and sign that."""
        asked = {"result": None, **decision_arguments(request, sent(FixSerializer, request))}
        return self._decided(AnnotationReviewService(request.user).fix_and_accept(int(pk), **asked))

    @extend_schema(
        methods=["post"],
        request=ReopenSerializer,
        responses=AnnotationSerializer,
        parameters=[IF_MATCH, ETAG],
    )
    @extend_schema(methods=["delete"], responses={200: AnnotationSerializer}, parameters=[ETAG])
    @action(detail=True, methods=["post", "delete"], permission_classes=[CanReviewAnnotation])
    def reopen(self, request, pk=None):
        """Return it for rework without a verdict; DELETE takes that back."""
        annotation, service = self.get_object(), AnnotationReviewService(request.user)
        if request.method == "DELETE":
            return self._answer(service.undo_reopen(annotation))
        body = sent(ReopenSerializer, request)
        comment = (body.get("comment") or "").strip()
        return self._answer(
            service.reopen(annotation, to=body["to"], comment=comment, seen=seen_by(request, body))
        )

    @extend_schema(request=ContestSerializer, responses={201: DisputeSerializer}, parameters=[IF_MATCH, ETAG])
    @action(detail=True, methods=["post"])
    def contest(self, request, pk=None):
        """Say, once, why a rejection of your work is wrong. It stands until another reviewer has decided."""
        annotation, body = self.get_object(), sent(ContestSerializer, request)
        service = AnnotationReviewService(request.user)
        dispute = service.contest(annotation, reason=body["reason"], seen=seen_by(request, body))
        body = DisputeSerializer(dispute, context=self.get_serializer_context()).data
        return with_etag(Response(body, status=status.HTTP_201_CREATED), dispute.annotation)

    @extend_schema(request=None, responses=DraftSerializer)
    @action(detail=True, methods=["post"], url_path="convert-to-draft")
    def convert_to_draft(self, request, pk=None):
        """Take your annotation back into a draft: hidden, and not reviewable until submitted again."""
        draft = drafts.unsubmit(self.get_object().pk, actor=request.user)
        return Response(draft_for_reader(draft, user_of(request)))

    @extend_schema(request=None, responses=DraftSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request, pk=None):
        """Take back what you just submitted, into a draft, while nobody else has opened it."""
        draft = drafts.unsubmit(self.get_object().pk, actor=request.user, take_back=True)
        return Response(draft_for_reader(draft, user_of(request)))

    def _answer(self, annotation: Annotation) -> Response:
        return with_etag(Response(annotation_for_reader(annotation, user_of(self.request))), annotation)

    def _decided(self, decision: Decision) -> Response:
        return with_etag(Response(decision_body(decision, user_of(self.request))), decision.annotation)


class TaskAnnotationViewSet(ViewSet):
    """The annotations of one task."""

    queryset = Annotation.objects.order_by("id")
    serializer_class = AnnotationSerializer
    pagination_class = None
    filterset_class = AnnotationOrder

    @extend_schema(responses=ListedAnnotationSerializer(many=True))
    def list(self, request, task_pk=None):
        task = visible(Task.objects, request, task_pk)
        rows: Any = self.filter_queryset(self.get_queryset().filter(task=task).listed_for(request.user))
        return Response(annotations_for_reader(list(readable(rows)), request.user))

    @extend_schema(
        request=NewWorkSerializer,
        responses={200: AnnotationSerializer, 201: AnnotationSerializer},
        parameters=[ETAG],
    )
    def create(self, request, task_pk=None):
        """Submit an annotation, or skip the task (`was_cancelled`).

        `draft_id` names the draft it began as. Sent again with its `unique_id`, it is 200 with the first.
        """
        task = visible(Task.objects.select_related("project"), request, task_pk)
        body = sent(NewWorkSerializer, request)
        work = annotations.Work(**work_of(body, NewWorkSerializer, request, task))
        if draft := _draft_of(request, body, task=task):
            annotation = drafts.submit(draft, work, actor=request.user)
        else:
            again = (
                drafts.submitted_as(body["draft_id"], task, actor=request.user)
                if body.get("draft_id")
                else None
            )
            annotation, is_new = (
                (again, True) if again else annotations.submit_once(task, work, actor=request.user)
            )
            if not is_new:
                return with_etag(Response(annotation_for_reader(annotation, request.user)), annotation)
        body = annotation_for_reader(annotation, request.user)
        return with_etag(Response(body, status=status.HTTP_201_CREATED), annotation)


def work_of(body: dict[str, Any], serializer: type, request, task: Task | None = None) -> dict[str, Any]:
    """The body in the services' words, its references looked up."""
    work = {
        name: value
        for name, value in body.items()
        if name in serializer().fields and name != "last_annotation_history"
    }
    if work.pop("completed_by", None) and may_somewhere(request.user, "set_completed_by"):
        work["completed_by"] = person_named(body, "completed_by", request)
    for name, model in (("parent_prediction", Prediction), ("parent_annotation", Annotation)):
        pk = work.pop(name, None)
        if pk and task is not None:
            work[f"{name}_id"] = _of_task(model, pk, task, name)
    return work


def _of_task(model: Any, pk: int, task: Task, name: str) -> int:
    if not model.objects.filter(pk=pk, task=task).exists():
        raise Refused(
            "unknown_parent",
            _("The %(name)s %(id)s is not one of this task.", name=name, id=pk),
            field=name,
        )
    return pk


def _draft_of(
    request, body: dict[str, Any], annotation: Annotation | None = None, task: Task | None = None
) -> Draft | None:
    if not body.get("draft_id"):
        return None
    about = {"annotation": annotation} if annotation else {"task": task}
    return (
        Draft.objects.visible_to(request.user)
        .filter(pk=body["draft_id"], **about)
        .select_related("task__project")
        .first()
    )
