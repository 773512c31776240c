"""Endpoints: what they listen to, and how they fare."""

from django.contrib import admin
from django.db.models import Q

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByProject, Choices
from tasks.admin.show import column
from users.admin.base import signed_in

from .. import endpoints
from ..models import Webhook
from ..signing import secret_of
from .display import address, failures, fill_waiting, health, last_success, waiting
from .endpoint_actions import EndpointButtons
from .form import WebhookForm

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


class Health(Choices):
    title = "health"
    parameter_name = "health"
    choices_offered = {
        "off": ("switched off by itself", Q(is_active=False) & ~Q(disabled_reason="")),
        "failing": ("on, and failing", Q(is_active=True, consecutive_failures__gt=0)),
        "well": ("on, and well", Q(is_active=True, consecutive_failures=0)),
        "person": ("switched off by a person", Q(is_active=False, disabled_reason="")),
    }


@admin.register(Webhook)
class WebhookAdmin(EndpointButtons, LeadAdmin):
    opens = frozenset({"add", "change", "delete"})
    form = WebhookForm
    change_list_template = "admin/webhooks/webhook/change_list.html"
    list_display = ("id", address, health, last_success, failures, waiting, column("project", "project"))
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

    def get_fieldsets(self, request, obj=None):
        told = [(None, {"fields": self.fields})]
        return told if obj is None else [*told, ("Health", {"fields": HEALTH})]

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("project", *HEALTH)

    def fill_page(self, rows) -> None:
        fill_waiting(rows)

    def changelist_view(self, request, extra_context=None):
        off = self.get_queryset(request).filter(is_active=False).exclude(disabled_reason="")
        return super().changelist_view(request, {**(extra_context or {}), "off": off.count()})

    def save_form(self, request, form, change):
        webhook = super().save_form(request, form, change)
        return webhook if change else endpoints.create(actor=signed_in(request), **form.cleaned_data)

    def save_model(self, request, obj, form, change) -> None:
        """Creating has saved a new one."""
        if change and form.changed_data:
            endpoints.change(obj, {name: form.cleaned_data[name] for name in form.changed_data})

    def response_add(self, request, obj, post_url_continue=None):
        words = f"This is the secret that signs what is sent to {obj.url}."
        return self.shown_once(
            request, secret_of(obj), words=words, use="The receiver checks signatures with it."
        )

    def remove(self, rows, *, actor) -> None:
        for webhook in rows:
            endpoints.delete(webhook)
