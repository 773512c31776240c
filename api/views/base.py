"""What views share: finding rows, checking permissions, reading bodies, and the base of all viewsets."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from reviews.visible_people import visible_people
from tasks.concurrency import Seen, state_number
from tasks.errors import Refused
from tasks.models import Annotation, Project, Task
from tasks.roles import may
from tasks.sql import bounded_reads
from users.models import User
from users.sentences import sentence as _

from ..serializers.annotations import annotation_for_reader
from ..serializers.projects import ProjectSerializer
from ..serializers.task_rows import one_task
from ..serializers.values import Body
from .known_parameters import RefusesUnknown


def visible(queryset: Any, request: Request, pk: Any) -> Any:
    """The row, or 404 if it is not visible to the caller."""
    return get_object_or_404(queryset.visible_to(request.user), pk=pk)


def user_of(request: Request) -> User:
    """The caller, who is signed in wherever a view does not say otherwise."""
    return cast(User, request.user)


def require(request: Request, capability: str, project: Any) -> None:
    """403 without the capability."""
    if not may(user_of(request), capability, project):
        raise Refused(
            "permission_denied",
            _("Your role in this project does not allow this. Ask a manager of the project."),
            status=403,
        )


def project_for(request: Request, capability: str, pk: Any) -> Project:
    """404 if the project is not visible, 403 without the capability."""
    project = visible(Project.objects, request, pk)
    require(request, capability, project)
    return project


def sent(serializer: type, request: Request, **options: Any) -> dict[str, Any]:
    """The validated body."""
    body = serializer(data=request.data, **options)
    body.is_valid(raise_exception=True)
    return body.validated_data


def person_named(body: dict[str, Any], field: str, request: Request) -> User:
    """Somebody the caller may know of. Others are refused like ids that do not exist."""
    if person := visible_people(user_of(request)).filter(pk=body[field]).first():
        return person
    raise Refused(
        "unknown_person", _("No such person here. Name somebody you share a project with."), field=field
    )


def seen_by(request: Request, body: dict[str, Any]) -> Seen:
    return Seen(
        if_match=request.headers.get("If-Match"), last_annotation_history=body.get("last_annotation_history")
    )


def decision_arguments(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of AnnotationReviewService's verbs; what was not sent is left out."""
    asked: dict[str, Any] = {"comment": (body.get("comment") or "").strip(), "seen": seen_by(request, body)}
    for name in ("started_at", "reject_action", "result"):
        if body.get(name) is not None:
            asked[name] = body[name]
    if body.get("reason"):
        asked["reason"] = body["reason"].strip()
    if body.get("assignee"):
        asked["assignee"] = person_named(body, "assignee", request)
    return asked


def etag_of(row: Annotation | Task | Project) -> str:
    return f'"{state_number(row)}"'


def with_etag(response: Response, row: Annotation | Task | Project) -> Response:
    response["ETag"] = etag_of(row)
    return response


def stale_answer(stale: Annotation | Task | Project, request: Request) -> tuple[Body, str]:
    """What a 412 shows: the row as it is now, and its ETag."""
    reader = user_of(request)
    if isinstance(stale, Annotation):
        row = Annotation.objects.select_related("project", "task", "completed_by").get(pk=stale.pk)
        return annotation_for_reader(row, reader), etag_of(row)
    if isinstance(stale, Task):
        task = Task.objects.select_related("project").prefetch_related("assignments").get(pk=stale.pk)
        return one_task(task, reader), etag_of(task)
    project = Project.objects.select_related("created_by").get(pk=stale.pk)
    return ProjectSerializer(project, context={"request": request}).data, etag_of(project)


class ViewSet(RefusesUnknown, GenericViewSet):
    """Visible rows only. Ids are whole numbers; no other path is a route."""

    queryset: Any  # with the methods of its model's queryset, which the stubs do not know
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.visible_to(self.request.user)

    def get_object(self) -> Any:
        """The row of this URL. The filters of the list do not apply to it."""
        found = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        self.check_object_permissions(self.request, found)
        return found

    def page_of(
        self,
        queryset: QuerySet | list[Any],
        serializer: type | None = None,
        *,
        bodies_of: Callable[[list[Any], User], list[Body]] | None = None,
    ) -> Response:
        """A page of rows as `serializer` (the view's by default) or `bodies_of(rows, reader)` shows them."""
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            rows = self.paginate_queryset(queryset)
            if bodies_of is not None:
                return self.get_paginated_response(bodies_of(rows or [], user_of(self.request)))
            serializer = serializer or self.get_serializer_class()
            return self.get_paginated_response(
                serializer(rows, many=True, context=self.get_serializer_context()).data
            )


def each(body_of: Callable[[Any, User], Body]) -> Callable[[list[Any], User], list[Body]]:
    return lambda rows, reader: [body_of(row, reader) for row in rows]
