"""The list, page and form of endpoints."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByProject, Choices
from tasks.admin.show import column
from tasks.strict_json import BoundedDecoder
from users.admin.base import signed_in
from users.models import User

from .. import endpoints
from ..catalogue import CATALOGUE, Action
from ..models import Webhook
from ..signing import secret_of
from ..validation import webhook_headers
from .display import address, failures, fill_waiting, health, last_success, waiting
from .operations import EndpointOperations

LABEL_STUDIO = "Label Studio's actions, with its bodies: {action, annotation, project, task}"
REVIEW_EVENTS = "Review events, sent only if ticked: {event, annotation, reviewer, comment, timestamp}"
ALL_ACTIONS = (
    "Send all of Label Studio's actions, ticked below or not. Review events are sent only if they are ticked."
)
HEALTH = (
    "last_success_at",
    "last_failure_at",
    "consecutive_failures",
    "failing_since",
    "rest_until",
    "is_slow",
    "disabled_reason",
    "earlier_until",
)


def action_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every action that an endpoint can subscribe to, in two groups."""
    return [(LABEL_STUDIO, _choices(by_name=False)), (REVIEW_EVENTS, _choices(by_name=True))]


def _choices(*, by_name: bool) -> list[tuple[str, str]]:
    return [
        (name, _label(name, entry))
        for name, entry in CATALOGUE.items()
        if entry.by_name == by_name and not entry.on_request
    ]


def _label(name: str, entry: Action) -> str:
    return f"{entry.label} ({name})" + (", site-wide endpoints only" if entry.site_wide else "")


class HeadersField(forms.JSONField):
    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class WebhookForm(forms.ModelForm):
    """Headers may hold a password: the form takes them but shows only their names."""

    send_for_all_actions = forms.BooleanField(required=False, initial=True, help_text=ALL_ACTIONS)
    actions = forms.MultipleChoiceField(
        choices=action_choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    headers = HeadersField(required=False, initial=None, decoder=BoundedDecoder, validators=[webhook_headers])
    parallel = forms.IntegerField(
        min_value=1,
        max_value=32,
        initial=8,
        required=False,
        help_text="Deliveries at the same time, 1 to 32. Empty means 8.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "headers" in self.fields:
            names = ", ".join(self.instance.headers) or "none"
            self.initial["headers"] = None
            self.fields[
                "headers"
            ].help_text = (
                f'Now: {names}. Leave empty to keep them; {{}} removes all. Format: {{"X-Key": "…"}}.'
            )

    def clean_headers(self) -> dict[str, str]:
        headers = self.cleaned_data["headers"]
        stored = self.instance.headers
        return stored if headers is None else endpoints.unmasked(stored, headers)

    def clean_parallel(self) -> int:
        return self.cleaned_data["parallel"] or 8


class Health(Choices):
    title = "health"
    parameter_name = "health"
    choices_offered = {
        "off": ("disabled automatically", Q(is_active=False) & ~Q(disabled_reason="")),
        "failing": ("enabled, failing", Q(is_active=True, consecutive_failures__gt=0)),
        "well": ("enabled, healthy", Q(is_active=True, consecutive_failures=0)),
        "person": ("disabled by a person", Q(is_active=False, disabled_reason="")),
    }


@admin.register(Webhook)
class WebhookAdmin(EndpointOperations, LeadAdmin):
    opens = frozenset({"add", "change", "delete"})
    form = WebhookForm
    change_list_template = "admin/webhooks/webhook/change_list.html"
    list_display = (  # type: ignore[assignment]  # the stubs know only columns of text
        "id",
        address,
        health,
        last_success,
        failures,
        waiting,
        column("project", "project"),
    )
    list_display_links = ("id", address)
    list_filter = (Health, ByProject)
    list_select_related = ("project",)
    list_defer = ("project__label_config",)
    search_fields = ("url",)
    autocomplete_fields = ("project",)
    fields = (
        "project",
        "url",
        "is_active",
        "send_payload",
        "send_for_all_actions",
        "actions",
        "headers",
        "parallel",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        settings = (None, {"fields": self.fields})
        return [settings] if obj is None else [settings, ("Health", {"fields": HEALTH})]

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        return () if obj is None else ("project", *HEALTH)

    def fill_page(self, rows: list[Webhook]) -> None:
        fill_waiting(rows)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        disabled = self.get_queryset(request).filter(is_active=False).exclude(disabled_reason="")
        return super().changelist_view(request, {**(extra_context or {}), "disabled": disabled.count()})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Webhook:
        webhook = super().save_form(request, form, change)
        return webhook if change else endpoints.create(actor=signed_in(request), **form.cleaned_data)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        """A new one has been saved by save_form already."""
        if change and form.changed_data:
            endpoints.change(obj, {name: form.cleaned_data[name] for name in form.changed_data})

    def response_add(
        self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.shown_once(
            request,
            secret_of(obj),
            words=f"This is the secret that signs what is sent to {obj.url}.",
            use="The receiver verifies signatures with it.",
        )

    def remove(self, rows: Sequence[Webhook], *, actor: User) -> None:
        for webhook in rows:
            endpoints.delete(webhook)
