"""What a person can do with one endpoint: test, enable, rotate, replay. Each changes things by POST only."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from tasks.admin.show import link_to
from tasks.errors import Refused
from users.admin.base import signed_in

from .. import endpoints, replay
from ..models import Webhook
from ..signing import secret_of
from .display import answered, counts_of, whats_with


class ReplayForm(forms.Form):
    states = forms.MultipleChoiceField(
        choices=[(state.value, state.label) for state in replay.REPLAYED],
        initial=list(replay.REPLAYED),
        widget=forms.CheckboxSelectMultiple,
        label="What",
    )
    since = forms.SplitDateTimeField(
        required=False,
        label="Since",
        help_text="Events from then on; empty: all of the last 30 days.",
        widget=admin.widgets.AdminSplitDateTime,
    )


class EndpointButtons(admin.ModelAdmin):
    """Mixed into the admin of endpoints."""

    change_form_template = "admin/webhooks/webhook/change_form.html"

    def get_urls(self):
        views = {"test": self.test, "enable": self.enable, "rotate": self.rotate, "replay": self.replay}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"webhooks_webhook_{name}")
            for name, view in views.items()
        ]
        return own + super().get_urls()

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj:
            words, tone = whats_with(obj)
            context |= {"health": words, "tone": tone, "counts": counts_of(obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self.asked_for(request, pk)
        if request.method == "POST":
            attempt = replay.ping(webhook, actor=signed_in(request))
            link = link_to(
                reverse("admin:webhooks_delivery_change", args=[attempt.delivery_id]), "In the log"
            )
            say = messages.error if attempt.error else messages.success
            say(request, format_html("Test: {} {}", answered(attempt), link))
        return self.page_of(webhook)

    def enable(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self.asked_for(request, pk)
        if request.method == "POST":
            endpoints.change(webhook, {"is_active": True})
            messages.success(
                request, "On again: its failures are forgotten, and what was held for it is being sent."
            )
        return self.page_of(webhook)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self.asked_for(request, pk)
        if request.method != "POST":
            words = (
                f"{webhook.url} gets a new secret, shown once. Deliveries are signed with the new and the earlier one for "
                f"{endpoints.ROTATION_HOURS} hours: change the receiver over within that time."
            )
            return self.ask(request, webhook, title="Rotate the secret", words=words)
        words = f"This is the new secret of {webhook.url}. The earlier one signs, too, for {endpoints.ROTATION_HOURS} hours."
        use = "The receiver checks signatures with it."
        return self.shown_once(request, secret_of(endpoints.rotate(webhook)), words=words, use=use)  # type: ignore[attr-defined]

    def replay(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self.asked_for(request, pk)
        form = ReplayForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            words = f"Sends them to {webhook.url} once more, behind the news, with the same ids and bytes."
            return self.ask(request, webhook, title="Replay given-up and held", words=words, form=form)
        try:
            count = replay.replay(
                webhook, replay.Range(tuple(form.cleaned_data["states"]), since=form.cleaned_data["since"])
            )
            messages.success(request, f"Due again: {count}.")
        except Refused as refused:
            messages.error(request, refused.detail)
        return self.page_of(webhook)

    def asked_for(self, request: HttpRequest, pk: int) -> Webhook:
        """404 for what this person does not see."""
        webhook = self.get_object(request, str(pk))
        if webhook is None:
            raise Http404
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        return webhook

    def page_of(self, webhook: Webhook) -> HttpResponse:
        return redirect("admin:webhooks_webhook_change", webhook.pk)

    def ask(
        self, request: HttpRequest, webhook: Webhook, *, title: str, words: str, form: Any = None
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": title,
            "words": words,
            "opts": self.opts,
            "form": form,
        }
        context |= {
            "webhook": webhook,
            "counts": counts_of(webhook),
            "media": self.media + (form.media if form else forms.Media()),
        }
        return TemplateResponse(request, "admin/webhooks/confirm.html", context)
