"""The review queue: the next item, and the leases on what was handed out."""

from typing import Any

from django.db.models import BigIntegerField, F, Value
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.response import Response

from reviews.queue import leases
from reviews.queue.drawing import QueueRequest, draw
from reviews.queue.reasons import NOT_A_REVIEWER, before_drawing, why_empty
from tasks.errors import Refused
from tasks.models import Project, Reservation, Task, Upload
from tasks.roles import may
from tasks.services import reservations
from tasks.upload_links import names_in, signed_links
from users.sentences import sentence as _

from ..pagination import COUNT_LIMIT, Pages
from ..serializers.queue import AskSerializer, HeldSerializer, LeaseSerializer, QueueItemSerializer
from ..serializers.queue_item import Found, body, leased, nothing, opened
from .base import ViewSet, project_for, visible
from .known_parameters import APIView
from .uploads import absolute

TRIES = 5
NOT_KEPT = {"Cache-Control": "no-store"}  # asking leases: an answer from a cache would not


class NextInQueue(APIView):
    @extend_schema(
        operation_id="review_queue_next", parameters=[AskSerializer], responses=QueueItemSerializer
    )
    def get(self, request, pk: int):
        """The next annotation to review, leased to you for a while. Asking again returns the same one.

        Nothing to hand out is 200 with `annotation: null` and the `reason`.
        """
        queue_request = self._asked(request, visible(Project.objects, request, pk))
        refused = before_drawing(queue_request)
        found = None if refused else _drawn(queue_request)
        if found is None and queue_request.task_id and refused is not NOT_A_REVIEWER:
            found = opened(queue_request, refused)
        if found is None:
            return Response(nothing(refused or why_empty(queue_request)), headers=NOT_KEPT)
        item = body(queue_request, found)
        item["media"] = absolute(request, _media(found.annotation.task))
        return Response(item, headers=NOT_KEPT)

    def _asked(self, request, project: Project) -> QueueRequest:
        sent = AskSerializer(data=request.query_params)
        sent.is_valid(raise_exception=True)
        asked = sent.validated_data
        task = (
            visible(Task.objects.filter(project=project), request, asked["task"]).pk
            if asked.get("task")
            else None
        )
        skipped = tuple(int(pk) for pk in asked["aside"].split(",")) if asked.get("aside") else ()
        return QueueRequest(
            project, request.user, queue=asked.get("queue"), task_id=task, skipped_ids=skipped
        )


def _media(task: Task) -> list[dict[str, Any]]:
    """Who gets the item sees its task, and so every file that it names."""
    names = names_in(task.data, project=task.project_id)
    return signed_links(Upload.objects.filter(project=task.project_id), names) if names else []


def _drawn(queue_request: QueueRequest) -> Found | None:
    """What was leased may be gone before it is read: then the next."""
    for _try in range(TRIES):
        lease = draw(queue_request)
        if lease is None:
            return None
        if found := leased(queue_request, lease):
            return found
    return None


class RenewLease(APIView):
    @extend_schema(operation_id="leases_renew", request=None, responses=LeaseSerializer)
    def post(self, request, lease):
        """Renew the lease of an annotation to review or a task to label. 404 `lease_ended` if it is over."""
        if until := leases.renew(lease, request.user):
            return Response(LeaseSerializer({"id": lease, "expires_at": until}).data)
        if place := reservations.renew(lease, request.user):
            return Response(LeaseSerializer(place).data)
        raise _ended()


class ReleaseLease(APIView):
    @extend_schema(
        operation_id="leases_release",
        request=None,
        responses={204: OpenApiResponse(description="Others may get it now.")},
    )
    def post(self, request, lease):
        """Give back what you hold; managers, what anybody holds in their projects."""
        entry = leases.holder_of(lease)
        if (
            entry is not None
            and _may_release(request.user, entry.leased_to_id, entry.project_id)
            and leases.release(lease)
        ):
            return Response(status=204)
        place = Reservation.objects.filter(pk=lease).first()
        if (
            place is not None
            and _may_release(request.user, place.user_id, place.project_id)
            and reservations.release(lease)
        ):
            return Response(status=204)
        raise _ended()


def _ended() -> Refused:
    return Refused(
        "lease_ended",
        _(
            "This is no longer reserved for you: it was decided, released, or the time ran out."
            " You can still send what you typed."
        ),
        status=404,
    )


def _may_release(user: Any, holder: int | None, project: int) -> bool:
    return user.pk == holder or may(user, "manage_project", project)


class HeldPages(Pages):
    def count(self, queryset, start: int, rows, view) -> tuple[int, bool]:
        if not self.has_next:
            return start + len(rows), False
        counted = queryset.order_by()[: COUNT_LIMIT + 1].count()
        return max(min(counted, COUNT_LIMIT), start + len(rows)), counted > COUNT_LIMIT


class HeldViewSet(ViewSet):
    """What is in somebody's hands in one project; `pk` is the project."""

    queryset = Project.objects.all()
    serializer_class = HeldSerializer
    pagination_class = HeldPages

    @extend_schema(operation_id="projects_leases_list", responses=HeldSerializer(many=True))
    def list(self, request, pk=None):
        """Current leases (managers): annotations under review and tasks being labelled, oldest first."""
        project = project_for(request, "manage_project", pk)
        return self.page_of(_held(project))


def _held(project: Project) -> Any:
    """Rows of both tables under the names of the wire."""
    # A union pairs columns by position: both halves name them in the same order.
    reviews = leases.live(project).values(
        "task",
        "annotation",
        id=F("lease"),
        kind=Value("review"),
        user=F("leased_to"),
        expires_at=F("leased_until"),
        since=F("leased_at"),
    )
    live = reservations.live(project).annotate(kind=Value("label"), annotation=Value(None, BigIntegerField()))
    places = live.values("task", "annotation", "id", "kind", "user", "expires_at", since=F("created_at"))
    return reviews.union(places, all=True).order_by("since", "id")
