"""What a lead does to a running campaign and its reviewers. What changes other people's work is confirmed
first, on a page that says what would happen; each act is an entry in the campaign's history.
"""

from collections.abc import Callable

from django import forms
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Greatest
from django.http import Http404, HttpRequest, HttpResponse

from users.admin.base import signed_in

from .. import campaigns, claims, jobs
from ..models import Campaign, CampaignState, Item, Participation, Reviewer, Slot, Status
from ..models.campaign import MAX_TARGET
from .pages import CampaignPages
from .reports import to_report
from .reviewers import accuracy, agreement, flags, known, seconds


class TargetForm(forms.Form):
    target = forms.IntegerField(label="Reviews per item", min_value=1, max_value=MAX_TARGET)


class CampaignActs(CampaignPages):
    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().campaign_views() | {
            "pause": self.pause,
            "resume": self.resume,
            "close": self.close,
            "target": self.target,
            "release": self.release,
            "block/<int:reviewer>": self.block,
            "unblock/<int:reviewer>": self.unblock,
        }

    # --- whether it runs ---

    def pause(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        return self._set_state(
            request, campaign, CampaignState.PAUSED, "Paused. What is in hand can still be sent."
        )  # fmt: skip

    def resume(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        return self._set_state(request, campaign, CampaignState.RUNNING, "Running: items are handed out.")

    def close(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if request.method != "POST":
            held = claims.in_hand(campaign)
            sentences = [
                "Nothing is handed out or accepted any more. Reviews stay, and you can resume later.",
                f"{_people(held)} an item open now, and will not be able to send it." if held else "",
            ]
            return self.confirm(request, campaign, "Close the campaign", sentences)
        return self._set_state(request, campaign, CampaignState.CLOSED, "Closed.")

    def _set_state(
        self, request: HttpRequest, campaign: Campaign, state: CampaignState, sentence: str
    ) -> HttpResponse:
        if request.method != "POST":
            return self.to_watch(campaign)
        campaigns.set_state(campaign, state, actor=signed_in(request))
        return self.done(request, campaign, sentence)

    # --- how many reviews ---

    def target(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """GET with a number says what it would add or remove; POST does it."""
        sent = request.POST if request.method == "POST" else request.GET
        is_asked = request.method == "POST" or "target" in sent
        form = TargetForm(sent if is_asked else {"target": campaign.target})
        if not form.is_valid() or request.method != "POST":
            sentences = _target_sentences(campaign, form.cleaned_data["target"]) if form.is_valid() else []
            return self.show(
                request, campaign, "target", "Change the reviews per item", form=form, sentences=sentences
            )
        wanted = form.cleaned_data["target"]
        job = jobs.start_target(campaign, signed_in(request), wanted)
        self.log_change(request, campaign, f"Reviews per item: {campaign.target} → {wanted}.")
        return to_report(campaign, job)

    # --- people ---

    def release(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Of everybody, or of the one in `?reviewer=`."""
        reviewer = self._asked_reviewer(request, campaign)
        held = Slot.objects.filter(campaign=campaign).held()
        held = held.filter(holder=reviewer.pk) if reviewer else held
        whom = reviewer.public_id if reviewer else "everybody"
        if request.method != "POST":
            sentences = [
                f"{held.count():,} items in hand become free and are offered to others.",
                "Nothing that somebody has typed is lost: sent late, it counts if the place is still free, "
                "and is kept as surplus if not.",
            ]
            return self.confirm(
                request, campaign, f"Release what {whom} has in hand", sentences, button="Release"
            )
        released = campaigns.release(campaign, actor=signed_in(request), reviewer=reviewer)
        return self.done(request, campaign, f"Released from {whom}: {released:,}.")

    def _asked_reviewer(self, request: HttpRequest, campaign: Campaign) -> Reviewer | None:
        asked = request.GET.get("reviewer")
        if asked is None:
            return None
        if not asked.isdecimal() or len(asked) > 18:
            raise Http404
        return _participation(campaign, int(asked)).reviewer

    def block(self, request: HttpRequest, campaign: Campaign, reviewer: int) -> HttpResponse:
        participation = _participation(campaign, reviewer)
        who = participation.reviewer
        if request.method != "POST":
            return self._confirm_block(request, campaign, participation)
        withdrawn = campaigns.block(campaign, who, actor=signed_in(request))
        return self.done(
            request,
            campaign,
            f"Blocked {who.public_id}: {withdrawn:,} reviews no longer count, and others are asked.",
        )

    def _confirm_block(
        self, request: HttpRequest, campaign: Campaign, participation: Participation
    ) -> HttpResponse:
        who = participation.reviewer
        theirs = who.submissions.filter(campaign=campaign).aggregate(
            counted=Count("pk", filter=Q(status=Status.COUNTED)),
            surplus=Count("pk", filter=Q(status=Status.SURPLUS)),
            done=Count("pk", filter=Q(status=Status.COUNTED, item__open_slots=0)),
        )
        sentences = [
            f"{theirs['counted']:,} of their reviews no longer count, and others are asked for them."
            + (f" {theirs['done']:,} finished items are open again." if theirs["done"] else ""),
            f"{theirs['surplus']:,} surplus reviews are withdrawn, too." if theirs["surplus"] else "",
            "They cannot send anything more to this campaign. What they wrote is kept, marked as withdrawn.",
            "Unblocking them later does not bring their reviews back.",
            "The campaign is closed: nobody is asked before it is opened again."
            if campaign.state == CampaignState.CLOSED
            else "",
        ]
        return self.confirm(
            request,
            campaign,
            f"Block {who.public_id}",
            sentences,
            button="Block",
            facts=_facts(participation),
            is_harsh=True,
        )

    def unblock(self, request: HttpRequest, campaign: Campaign, reviewer: int) -> HttpResponse:
        who = _participation(campaign, reviewer).reviewer
        if request.method != "POST":
            sentences = ["They may review again. Reviews that were withdrawn stay withdrawn."]
            return self.confirm(request, campaign, f"Unblock {who.public_id}", sentences, button="Unblock")
        campaigns.unblock(campaign, who, actor=signed_in(request))
        return self.done(request, campaign, f"Unblocked {who.public_id}.")


def _participation(campaign: Campaign, reviewer: int) -> Participation:
    """404 for who is not in this campaign."""
    found = Participation.objects.filter(campaign=campaign, reviewer=reviewer).select_related(
        "reviewer", "measure"
    )
    if (participation := found.first()) is None:
        raise Http404
    return participation


def _facts(one: Participation) -> list[tuple[str, str]]:
    """What speaks for or against a reviewer."""
    return [
        ("Reviews that count", f"{one.counted:,}"),
        ("Seconds for a review (median)", seconds(one)),
        ("Agreement with others", agreement(one)),
        ("Reliability", accuracy(one)),
        ("Known answers", known(one)),
        ("Flags", flags(one)),
    ]


def _target_sentences(campaign: Campaign, target: int) -> list[str]:
    """What `target` would add or remove."""
    wanted = Greatest(target - F("counted"), 0)
    sums = Item.objects.filter(campaign=campaign, stopped_at=None).aggregate(
        added=Sum(Greatest(wanted - F("open_slots"), 0), default=0),
        removed=Sum(Greatest(F("open_slots") - wanted, 0), default=0),
        finished=Count("pk", filter=Q(open_slots__gt=0, counted__gte=target)),
        reopened=Count("pk", filter=Q(open_slots=0, counted__lt=target)),
    )
    if target == campaign.target:
        return [f"Each item is reviewed by {target} people now. See what another number changes."]
    change = f"From {campaign.target} to {target} reviews per item."
    if target > campaign.target:
        added = f"Adds {sums['added']:,} wanted reviews; {sums['reopened']:,} finished items are open again."
        return [change, added]
    removed = f"Removes up to {sums['removed']:,} wanted reviews. Items that finishes: {sums['finished']:,}."
    return [change, removed, "What people have in hand stays theirs, and every review that is here is kept."]


def _people(number: int) -> str:
    return f"{number:,} people have" if number != 1 else "One person has"
