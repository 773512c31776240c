"""What all pages of one campaign share: it is found by permission, each act is logged, refusals are shown."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from tasks.errors import Refused

from ..models import Campaign, CampaignState
from .base import NotFound

TONES = {CampaignState.RUNNING: "good", CampaignState.PAUSED: "busy", CampaignState.CLOSED: ""}


class CampaignPages(NotFound):
    """Subclasses name their pages in `campaign_views`."""

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<int:pk>/{route}/",
                self.admin_site.admin_view(self._of_campaign(view)),
                name=f"crowd_campaign_{route.partition('/')[0]}",
            )
            for route, view in self.campaign_views().items()
        ]
        return own + super().get_urls()

    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        """Route → view, which gets the request and the campaign."""
        return {}

    def _of_campaign(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """404 for what one may not see. What a service refuses is shown on the campaign's page."""

        def wrapper(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
            campaign = (
                self.get_queryset(request).select_related("project", "created_by").filter(pk=pk).first()
            )
            if campaign is None:
                raise Http404
            try:
                return view(request, campaign, **more)
            except Refused as refused:
                if refused.status == 404:
                    raise Http404 from None
                messages.error(request, refused.detail)
                return self.to_watch(campaign)

        return wrapper

    def to_watch(self, campaign: Campaign) -> HttpResponse:
        return redirect("admin:crowd_campaign_watch", campaign.pk)

    def show(
        self, request: HttpRequest, campaign: Campaign | None, template: str, title: str, **context: Any
    ) -> HttpResponse:
        form = context.get("form")
        shared = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "campaign": campaign,
            "tone": TONES[CampaignState(campaign.state)] if campaign else "",
            "media": self.media + (form.media if form else forms.Media()),
        }
        return TemplateResponse(request, f"admin/crowd/{template}.html", shared | context)

    def confirm(
        self,
        request: HttpRequest,
        campaign: Campaign,
        title: str,
        sentences: list[str],
        *,
        button: str = "",
        form: forms.Form | None = None,
        **context: Any,
    ) -> HttpResponse:
        """Says what would happen; the form is sent to the same address."""
        return self.show(
            request,
            campaign,
            "confirm",
            title,
            sentences=[sentence for sentence in sentences if sentence],
            button=button or title,
            form=form,
            **context,
        )

    def done(self, request: HttpRequest, campaign: Campaign, sentence: str) -> HttpResponse:
        """After an act: who did it is in the campaign's history."""
        self.log_change(request, campaign, sentence)
        messages.success(request, sentence)
        return self.to_watch(campaign)


def link_of(request: HttpRequest, campaign: Campaign) -> str:
    """What is shared: opens the campaign for whoever has it."""
    key = f"?key={campaign.link_key}" if campaign.link_key else ""
    return request.build_absolute_uri(f"{campaign.path}review{key}")


def page_of(name: str, campaign: Campaign, *args: Any) -> str:
    return reverse(f"admin:crowd_campaign_{name}", args=[campaign.pk, *args])
