"""The public pages of a campaign. They work without JavaScript and without an account."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tasks.errors import Refused

from . import claims, content_policy, counts, showing, texts
from .answers import read_form
from .models import Item, Participation, SkipReason
from .submitting import Differs, submit
from .throttles import seconds_to_wait
from .visits import (
    CSRF,
    Visit,
    campaign_of,
    default_campaign,
    is_own_form,
    not_sent,
    public_page,
)

# Of an item that is shown to somebody without a cookie: it may be a program that makes a preview of the link.
# The page itself asks for the whole time, or the next request does.
FIRST_LEASE_SECONDS = 120
NOTICES = ("saved", "passed_on", "kept")
THANKED = (claims.ALL_DONE, claims.ALL_YOU_CAN, claims.CAP_REACHED)


@public_page("GET", "HEAD")
def review(visit: Visit) -> HttpResponse:
    """The item this person has in hand, or the next one, or why there is none."""
    if visit.request.method == "HEAD":
        return HttpResponse()
    is_new = visit.reviewer is None
    if is_new and (reason := claims.HALTED.get(visit.campaign.state)):
        return nothing(visit, claims.Nothing(reason))
    try:
        reviewer = visit.mint()
    except Refused as refused:
        response = visit.message(visit.words["too_many"], refused.detail, status=refused.status)
        response["Retry-After"] = str(refused.extra["retry_after"])
        return response
    found = claims.claim(visit.campaign, reviewer, lease_seconds=FIRST_LEASE_SECONDS if is_new else None)
    if key := visit.campaign.link_key:
        theirs = Participation.objects.filter(campaign=visit.campaign, reviewer=reviewer)
        theirs.exclude(link_key=key).update(link_key=key)
    if isinstance(found, claims.Nothing):
        return nothing(visit, found)
    did = visit.request.GET.get("did")
    return item_page(visit, found.item, notice=visit.words[did] if did in NOTICES else "")


def nothing(visit: Visit, found: claims.Nothing) -> HttpResponse:
    minutes = claims.minutes_until(found.until) if found.until else 0
    text = "others_hold_one" if found.reason == claims.OTHERS_HOLD and minutes <= 1 else found.reason
    progress = progress_of(visit)
    context = {
        "reason": found.reason,
        "hint": visit.words[text].format(minutes=minutes),
        "is_thanked": found.reason in THANKED or progress["mine"],
    }
    response = visit.page("nothing", context | progress)
    if minutes:
        response["Retry-After"] = str(60 * minutes)
    return response


def item_page(
    visit: Visit,
    item: Item,
    *,
    sent: dict[str, str] | None = None,
    refused: Refused | None = None,
    notice: str = "",
) -> HttpResponse:
    """`sent`: what the form had, if it comes back."""
    campaign, rule = visit.campaign, visit.campaign.rubric["comment"]
    shown = showing.content(item, campaign)
    frames = showing.frames_of(shown, campaign, visit.words)
    error = (refused.field or "", refused.detail) if refused else None
    context = {
        "item": item,
        "is_partial": shown.is_partial,
        "video": showing.video_of(shown, campaign, visit.words),
        "references": showing.references_of(shown, campaign, visit.words),
        "frames": frames,
        "legend": showing.legend_of(frames),
        "questions": showing.questions_of(shown, campaign, visit.language, sent or {}, error),
        "scale": scale_of(visit),
        "comment": (sent or {}).get("comment", ""),
        "comment_hint": visit.words["comment_hint"].format(length=rule["min_length"], at=rule["at_or_below"]),
        "comment_rule": rule,
        "skip_reasons": [(value, visit.words[value]) for value in SkipReason.values],
        "keep_every": max(5, campaign.lease_seconds // 3),
        "refusal": refused,
        "notice": notice,
    }
    response = visit.page("review", context | progress_of(visit), status=refused.status if refused else 200)
    content_policy.allow_media(response, shown.content.addresses, campaign.media_origins)
    return response


def scale_of(visit: Visit) -> list[dict[str, str]]:
    return [
        {
            "value": str(step["value"]),
            "colour": step.get("colour", ""),
            "label": texts.in_language(step["label"], visit.language),
        }
        for step in visit.campaign.rubric["scale"]
    ]


def progress_of(visit: Visit) -> dict[str, Any]:
    mine = Participation.objects.filter(campaign=visit.campaign, reviewer=visit.reviewer).first()
    totals, target = counts.totals(visit.campaign), visit.campaign.target
    return {
        "mine": mine.counted if mine else 0,
        "totals": totals,
        "items_done": visit.words["items_done"].format(total=totals.items),
        "target_text": visit.words["target_one" if target == 1 else "target"].format(target=target),
    }


# --- forms -----------------------------------------------------------------------------------------------


def with_form(view: Callable[[Visit], HttpResponse]) -> Callable[..., HttpResponse]:
    """What is sent without the right cookies, or too fast, is answered with a page that keeps it."""

    @public_page("POST", "GET", "HEAD")
    @wraps(view)
    def checked(visit: Visit) -> HttpResponse:
        request, words = visit.request, visit.words
        if request.method != "POST":  # somebody reloads the address of an answer
            return redirect(f"{visit.home}review")
        forged = CSRF.process_view(request, view, (), {})
        if forged or visit.reviewer is None:
            return without_cookie(visit)
        if wait := seconds_to_wait(request, visit.reviewer):
            hint = words["too_fast_hint"].format(seconds=wait)
            response = not_sent(visit, words["too_fast"], hint, status=429)
            response["Retry-After"] = str(wait)
            return response
        return view(visit)

    return checked


def without_cookie(visit: Visit) -> HttpResponse:
    """No redirect: where cookies are blocked it would lead here again. From our own page they get an
    identity, so that sending again works; a foreign page must not replace the one they have."""
    has_answers = visit.sent.keys() - {"anno_id"}  # or it only keeps an item reserved
    if visit.reviewer is None and has_answers and is_own_form(visit.request):
        try:
            visit.mint()
        except Refused:
            pass
    return not_sent(visit, visit.words["cookies"], visit.words["cookies_hint"], status=403)


@with_form
def send(visit: Visit) -> HttpResponse:
    sent, reviewer = visit.sent, visit.mint()
    try:
        item = claims.find_item(visit.campaign, sent.get("anno_id", ""))
    except Refused as refused:
        return not_sent(
            visit, visit.words["unknown_item"], refused.detail, status=refused.status, again=False
        )
    try:
        answers = read_form(visit.campaign.rubric, sent)
        submit(visit.campaign, reviewer, item.anno_id, answers, replace="replace" in sent)
    except Differs as differs:
        return conflict(visit, item, sent, differs)
    except Refused as refused:
        return item_page(visit, item, sent=sent, refused=refused)
    return visit.remember(redirect(f"{visit.home}review?did=saved"))


def conflict(visit: Visit, item: Item, sent: dict[str, str], differs: Differs) -> HttpResponse:
    rows = showing.compared(visit.campaign.rubric, visit.language, differs.earlier, sent)
    fields = {
        name: sent[name]
        for name, _ in showing.fields_of(visit.campaign.rubric, visit.language)
        if name in sent
    }
    context = {"item": item, "fields": fields, "rows": rows, "refusal": differs}
    return visit.page("conflict", context, status=differs.status)


@with_form
def pass_on(visit: Visit) -> HttpResponse:
    sent, reviewer = visit.sent, visit.mint()
    try:
        item = claims.find_item(visit.campaign, sent.get("anno_id", ""))
    except Refused as refused:
        return visit.message(visit.words["unknown_item"], refused.detail, status=refused.status)
    try:
        claims.skip(visit.campaign, reviewer, item.anno_id, sent.get("reason", ""))
    except Refused as refused:
        return item_page(visit, item, sent=sent, refused=refused)
    return visit.remember(redirect(f"{visit.home}review?did=passed_on"))


@with_form
def keep(visit: Visit) -> HttpResponse:
    """The page says that somebody is at work on its item: 204, or 409 if it is not reserved for them."""
    try:
        is_theirs = claims.keep(visit.campaign, visit.mint(), visit.sent.get("anno_id", ""))
    except Refused as refused:
        return HttpResponse(status=refused.status)
    return HttpResponse(status=204 if is_theirs else 409)


# --- for programs ----------------------------------------------------------------------------------------


@require_safe
@never_cache
def stats(request: HttpRequest, slug: str | None = None) -> JsonResponse:
    return JsonResponse(counts.stats(campaign_of(slug)))


@require_safe
@never_cache
def healthz(request: HttpRequest, slug: str | None = None) -> JsonResponse:
    """Without a slug it is about the site, which may have no campaign of its own."""
    try:
        campaign = default_campaign() if slug is None else campaign_of(slug)
        return JsonResponse({"ok": True, "annos": counts.totals(campaign).items if campaign else 0})
    except (OperationalError, InterfaceError):
        return JsonResponse({"ok": False, "annos": 0}, status=503)
