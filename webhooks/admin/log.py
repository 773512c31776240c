"""Events, and the delivery log: every delivery with its attempts and answers, which can be sent again."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tasks.admin.base import LeadAdmin, selected
from tasks.admin.filters import ByProject, Choices, NumberFilter
from tasks.admin.show import ReadOnlyInline, column, pretty
from users.admin.base import signed_in

from .. import replay
from ..catalogue import CATALOGUE
from ..models import Attempt, Delivery, Event, Webhook
from .display import endpoint, fill_last_attempts, last_answer, next_attempt, short, state

MAX_OFFERED = 100


class ByAction(Choices):
    title = "action"
    parameter_name = "what"
    choices_offered = {name: (entry.label, Q(action=name)) for name, entry in CATALOGUE.items()}


class ByEventAction(Choices):
    title = "action"
    parameter_name = "what"
    choices_offered = {name: (entry.label, Q(event__action=name)) for name, entry in CATALOGUE.items()}


class ByEndpoint(NumberFilter):
    title = "endpoint"
    parameter_name = "webhook"
    path = "webhook_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        mine = Webhook.objects.visible_to(signed_in(request)).order_by("id")
        return [(pk, f"{pk}: {short(url)}") for pk, url in mine.values_list("pk", "url")[:MAX_OFFERED]]


@admin.register(Event)
class EventAdmin(LeadAdmin):
    list_display = ("id", "position", "action", column("project", "project"), "annotation_seq", "created_at")
    list_filter = (ByProject, ByAction, "created_at")
    list_select_related = ("project",)
    list_defer = ("body",)
    search_fields = ("unique_id__exact",)
    fields = ("project", "action", "unique_id", "position", "annotation_seq", "created_at", "body_text")
    readonly_fields = fields

    @admin.display(description="body")
    def body_text(self, event: Event) -> str:
        return pretty(json.loads(event.body))


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = readonly_fields = ("number", "at", "status", "duration", "error", "answer")


@admin.register(Delivery)
class DeliveryAdmin(LeadAdmin):
    project_path = "webhook__project"
    inlines = (AttemptInline,)
    # The stubs know only columns of text.
    list_display = (  # type: ignore[assignment]
        "id",
        column("event.created_at", "happened"),
        column("event.action", "action"),
        state,
        "attempts",
        last_answer,
        next_attempt,
        endpoint,
    )
    list_filter = ("state", ByEndpoint, ByEventAction, "event__created_at")
    list_select_related = ("event", "webhook")
    list_defer = ("event__body",)
    search_fields = ("webhook__url", "event__unique_id__exact")
    fields = readonly_fields = (  # type: ignore[assignment]
        "event",
        "webhook",
        "with_payload",
        state,
        "lane",
        "attempts",
        next_attempt,
        "finished_at",
    )
    actions = ("resend", "replay")

    def fill_page(self, rows: list[Delivery]) -> None:
        fill_last_attempts(rows)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Resend selected deliveries now", permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._send(request, queryset, Delivery.Lane.LIVE)

    @admin.action(description="Replay selected deliveries after live events", permissions=["resend"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._send(request, queryset, Delivery.Lane.BULK)

    def _send(self, request: HttpRequest, queryset: QuerySet[Delivery], lane: Delivery.Lane) -> None:
        deliveries = selected(queryset.select_related("webhook").defer("event__body"))
        due = replay.resend_all(deliveries, lane=lane)
        if due:
            messages.success(request, f"Will be sent again: {due}.")
        if left := len(deliveries) - due:
            messages.warning(
                request,
                f"Not sent again: {left}. They are being sent now, or their endpoint is disabled.",
            )


class Answer(Choices):
    title = "answer"
    parameter_name = "answer"
    choices_offered = {"ok": ("accepted", Q(error="")), "failed": ("failed", ~Q(error=""))}


@admin.register(Attempt)
class AttemptAdmin(LeadAdmin):
    project_path = "delivery__webhook__project"
    list_display = ("id", column("delivery", "delivery"), "number", "at", "status", "duration", "error")
    list_filter = (Answer, "error", "at")
    list_select_related = ("delivery",)
    fields = readonly_fields = ("delivery", "number", "at", "status", "duration", "error", "answer")
