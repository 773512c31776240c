"""Endpoints, what happened, and what became of telling them."""

import json

from django import forms
from django.contrib import admin
from django.db.models import Q

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByProject, Choices
from tasks.admin.show import ReadOnlyInline, column, pretty
from users.admin.base import signed_in

from . import endpoints
from .catalogue import CATALOGUE
from .models import Attempt, Delivery, Event, Webhook
from .signing import secret_of
from .validation import webhook_headers


class HeadersField(forms.JSONField):
    def prepare_value(self, value):
        return "" if value is None else super().prepare_value(value)


class WebhookForm(forms.ModelForm):
    """Headers may hold a password: they are taken, and only their names are shown."""

    actions = forms.MultipleChoiceField(
        choices=[(name, f"{entry.label} ({name})") for name, entry in CATALOGUE.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    headers = HeadersField(required=False, initial=None, validators=[webhook_headers])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "headers" in self.fields:
            names = ", ".join(self.instance.headers) or "none"
            self.initial["headers"] = None
            self.fields["headers"].help_text = f'Now: {names}. Leave empty to keep them, {{}} removes all. Like {{"X-Key": "…"}}.'

    def clean_headers(self) -> dict:
        headers = self.cleaned_data["headers"]
        return self.instance.headers if headers is None else headers


HEALTH = ("consecutive_failures", "last_success_at", "last_failure_at", "disabled_reason")


@admin.register(Webhook)
class WebhookAdmin(LeadAdmin):
    opens = frozenset({"add", "change", "delete"})
    form = WebhookForm
    list_display = (
        "id",
        "url",
        column("project", "project"),
        "is_active",
        "consecutive_failures",
        "last_success_at",
        "disabled_reason",
    )
    list_display_links = ("id", "url")
    list_filter = (ByProject, "is_active", "disabled_reason")
    list_select_related = ("project",)
    search_fields = ("url",)
    autocomplete_fields = ("project",)
    fields = ("project", "url", "is_active", "send_payload", "send_for_all_actions", "actions", "headers")

    def get_fields(self, request, obj=None):
        return self.fields if obj is None else (*self.fields, *HEALTH)

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("project", *HEALTH)

    def save_form(self, request, form, change):
        webhook = super().save_form(request, form, change)
        return webhook if change else endpoints.create(actor=signed_in(request), **form.cleaned_data)

    def save_model(self, request, obj, form, change) -> None:
        """Creating has saved a new one."""
        if change and form.changed_data:
            endpoints.change(obj, {name: form.cleaned_data[name] for name in form.changed_data})

    def response_add(self, request, obj, post_url_continue=None):
        words = f"This is the secret that signs what is sent to {obj.url}."
        return self.shown_once(request, secret_of(obj), words=words, use="The receiver checks signatures with it.")

    def remove(self, rows, *, actor) -> None:
        for webhook in rows:
            webhook.delete()


class What(Choices):
    title = "action"
    parameter_name = "what"
    choices_offered = {name: (entry.label, Q(action=name)) for name, entry in CATALOGUE.items()}


@admin.register(Event)
class EventAdmin(LeadAdmin):
    list_display = ("id", "position", "action", column("project", "project"), "annotation_seq", "created_at")
    list_filter = (ByProject, What)
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
    list_display = (
        "id",
        column("event.action", "event"),
        column("webhook", "endpoint"),
        "state",
        "attempts",
        "next_at",
        "finished_at",
    )
    list_filter = ("state",)
    list_select_related = ("event", "webhook")
    list_defer = ("event__body",)
    search_fields = ("webhook__url", "event__action")
    fields = readonly_fields = ("event", "webhook", "with_payload", "state", "attempts", "next_at", "finished_at")


class Answer(Choices):
    title = "answer"
    parameter_name = "answer"
    choices_offered = {"ok": ("taken", Q(error="")), "failed": ("failed", ~Q(error=""))}


@admin.register(Attempt)
class AttemptAdmin(LeadAdmin):
    project_path = "delivery__webhook__project"
    list_display = ("id", column("delivery", "delivery"), "number", "at", "status", "duration", "error")
    list_filter = (Answer,)
    list_select_related = ("delivery",)
    fields = readonly_fields = ("delivery", "number", "at", "status", "duration", "error", "answer")
