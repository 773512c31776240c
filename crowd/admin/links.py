"""Who may open a campaign: its link, until when, and whether it is the campaign of the site."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import Http404, HttpRequest, HttpResponse

from users.admin.base import signed_in
from users.sentences import sentence as _

from .. import campaigns
from ..models import Campaign, Participation
from .pages import CampaignPages

PUBLIC, KEYED = "public", "keyed"


class DateAndTime(AdminSplitDateTime):
    """Each of the two inputs with a name that is read out."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for widget, name in zip(self.widgets, ("Date", "Time"), strict=True):
            widget.attrs["aria-label"] = name


class LinkForm(forms.Form):
    access = forms.ChoiceField(
        choices=[
            (KEYED, "A new link with a key: earlier links stop working"),
            (PUBLIC, "Public, without a key"),
        ],
        initial=KEYED,
        widget=forms.RadioSelect,
        label="Link",
    )


class ExpiryForm(forms.Form):
    link_expires_at = forms.SplitDateTimeField(
        required=False, label="Expires at", help_text="Empty: never.", widget=DateAndTime
    )


class CampaignLinks(CampaignPages):
    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().campaign_views() | {
            "link": self.link,
            "expiry": self.expiry,
            "default": self.default,
        }

    def link(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        form = LinkForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            active = Participation.objects.filter(campaign=campaign, blocked_at=None).count()
            sentences = [
                "Whoever came with an earlier link needs the new one to go on. What they sent stays."
                + (f" So far {active:,} people have come." if active else ""),
                "Without a key everybody who knows or guesses the address can review.",
            ]
            return self.confirm(
                request, campaign, "Renew the link", sentences, button="Change the link", form=form
            )
        is_public = form.cleaned_data["access"] == PUBLIC
        campaigns.renew_link(campaign, actor=signed_in(request), is_public=is_public)
        return self.done(request, campaign, "The link is public." if is_public else "The link has a new key.")

    def expiry(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        initial = {"link_expires_at": campaign.link_expires_at}
        form = ExpiryForm(request.POST if request.method == "POST" else None, initial=initial)
        if not form.is_valid():
            sentences = [
                "After that time the link opens a page that says so.",
                "What somebody has in hand by then can still be sent.",
            ]
            return self.confirm(request, campaign, "Let the link expire", sentences, button="Save", form=form)
        campaigns.update(campaign, form.cleaned_data, actor=signed_in(request))
        return self.done(request, campaign, "Saved when the link expires.")

    def default(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if not campaigns.may_set_default(signed_in(request)):
            raise Http404
        wanted = not campaign.is_default
        if request.method != "POST":
            now = Campaign.objects.filter(is_default=True).first()
            sentences = [
                f"{request.build_absolute_uri('/')} leads to it; it is also at /review, /stats and /healthz."
                if wanted
                else "/review, /stats and /healthz then answer 404, and the start page is shown at /.",
                f"It replaces “{now}”." if now and wanted else "",
            ]
            title = "Make it this site's campaign" if wanted else "No longer this site's campaign"
            return self.confirm(request, campaign, title, sentences)
        campaigns.set_default(campaign, actor=signed_in(request), is_default=wanted)
        sentence = _("It is this site's campaign.") if wanted else _("It is no longer this site's campaign.")
        return self.done(request, campaign, sentence)
