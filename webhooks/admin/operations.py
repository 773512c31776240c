"""What a person can do with one endpoint: test, enable, rotate its secret, replay. By POST only."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from tasks.admin.show import link_to
from tasks.errors import Refused
from users.admin.base import CountersignAdmin, signed_in

from .. import endpoints, replay
from ..models import Webhook
from ..signing import secret_of
from .display import counts_of, health_status, summary


class ReplayForm(forms.Form):
    states = forms.MultipleChoiceField(
        choices=[(state.value, state.label) for state in replay.REPLAYABLE],
        initial=list(replay.REPLAYABLE),
        widget=forms.CheckboxSelectMultiple,
        label="What",
    )
    since = forms.SplitDateTimeField(
        required=False,
        label="Since",
        help_text="Events from then on; empty: all of the last 30 days.",
        widget=AdminSplitDateTime,
    )


class EndpointOperations(CountersignAdmin):
    change_form_template = "admin/webhooks/webhook/change_form.html"

    def get_urls(self) -> Any:
        views = {"test": self.test, "enable": self.enable, "rotate": self.rotate, "replay": self.replay}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"webhooks_webhook_{name}")
            for name, view in views.items()
        ]
        return own + super().get_urls()

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Webhook | None = None,
    ) -> HttpResponse:
        if obj:
            status, tone = health_status(obj)
            context |= {"health": status, "tone": tone, "counts": counts_of(obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._webhook(request, pk)
        if request.method == "POST":
            try:
                attempt = replay.ping(webhook, actor=signed_in(request))
            except Refused as busy:
                messages.error(request, busy.detail)
                return _page_of(webhook)
            link = link_to(
                reverse("admin:webhooks_delivery_change", args=[attempt.delivery_id]), "Show in the log"
            )
            show = messages.error if attempt.error else messages.success
            show(request, format_html("Test: {} {}", summary(attempt), link))
        return _page_of(webhook)

    def enable(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._webhook(request, pk)
        if request.method == "POST":
            endpoints.change(webhook, {"is_active": True})
            messages.success(
                request, "Enabled. Its failure counters are reset, and what was held for it is being sent."
            )
        return _page_of(webhook)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._webhook(request, pk)
        hours = endpoints.ROTATION_HOURS
        if request.method != "POST":
            text = (
                f"{webhook.url} gets a new secret, shown only once. For {hours} hours deliveries are signed "
                "with the new secret and the earlier one: update the receiver within that time."
            )
            return self._confirm(request, webhook, title="Rotate the secret", text=text)
        return self.shown_once(
            request,
            secret_of(endpoints.rotate(webhook)),
            words=f"This is the new secret of {webhook.url}. The earlier one also signs for {hours} hours.",
            use="The receiver verifies signatures with it.",
        )

    def replay(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._webhook(request, pk)
        form = ReplayForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            text = f"Sends them to {webhook.url} once more, after live events, with the same ids and bytes."
            return self._confirm(request, webhook, title="Replay given-up and held", text=text, form=form)
        wanted = replay.Range(tuple(form.cleaned_data["states"]), since=form.cleaned_data["since"])
        try:
            count = replay.replay(webhook, wanted, actor=signed_in(request))
            messages.success(request, f"Will be sent again: {count}.")
        except Refused as refused:
            messages.error(request, refused.detail)
        return _page_of(webhook)

    def _webhook(self, request: HttpRequest, pk: int) -> Webhook:
        """404 if not visible."""
        webhook = self.get_object(request, str(pk))
        if not isinstance(webhook, Webhook):
            raise Http404
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        return webhook

    def _confirm(
        self, request: HttpRequest, webhook: Webhook, *, title: str, text: str, form: forms.Form | None = None
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": title,
            "text": text,
            "opts": self.opts,
            "form": form,
            "webhook": webhook,
            "counts": counts_of(webhook),
            "media": self.media + (form.media if form else forms.Media()),
        }
        return TemplateResponse(request, "admin/webhooks/confirm.html", context)


def _page_of(webhook: Webhook) -> HttpResponse:
    return redirect("admin:webhooks_webhook_change", webhook.pk)
