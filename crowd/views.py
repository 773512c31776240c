"""The public pages of a campaign. They work without JavaScript and without an account."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST, require_safe

from tasks.errors import Refused

from . import claims, counts, identities, showing, texts
from .answers import read_form
from .models import Campaign, Item, Participation, Reviewer, SkipReason
from .submitting import Differs, submit

View = Callable[..., HttpResponse]


def campaign_of(slug: str | None) -> Campaign:
    """By its slug, or the site's default."""
    found = Campaign.objects.public().select_related("project")
    campaign = found.filter(is_default=True).first() if slug is None else found.filter(slug=slug).first()
    if campaign is None:
        raise Http404
    return campaign


def default_campaign() -> Campaign | None:
    return Campaign.objects.public().filter(is_default=True).first()


class Visit:
    """One request of somebody to a campaign: who they are, in which language, and the cookies they get."""

    def __init__(self, request: HttpRequest, campaign: Campaign) -> None:
        self.request, self.campaign = request, campaign
        self.language = texts.language_of(request)
        self.words = texts.words(self.language)
        self.cookie = request.COOKIES.get(identities.COOKIE)
        self.reviewer = identities.known(self.cookie)

    @property
    def home(self) -> str:
        """The short addresses lead to the short addresses."""
        return self.campaign.path if self.request.path.startswith("/c/") else "/"

    def mint(self) -> Reviewer:
        if self.reviewer is None:
            self.reviewer, self.cookie = identities.mint(self.request.META.get("REMOTE_ADDR"))
        return self.reviewer

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        shared = {
            "campaign": self.campaign,
            "home": self.home,
            "t": self.words,
            "language": self.language,
            "languages": texts.LANGUAGES,
        }
        response = render(self.request, f"crowd/{template}.html", shared | context, status=status)
        return self.remember(response)

    def remember(self, response: HttpResponse) -> HttpResponse:
        """The reviewer's cookie for another 180 days, and the language that was asked for."""
        if self.reviewer and self.cookie:
            set_cookie(response, identities.COOKIE, identities.renewed(self.cookie), http_only=True)
        if self.request.GET.get("lang") in texts.LANGUAGES:
            set_cookie(response, texts.COOKIE, self.language, http_only=False)
        return response

    def message(self, title: str, hint: str = "", *, status: int, **more: Any) -> HttpResponse:
        return self.page("message", {"title": title, "hint": hint} | more, status=status)


def set_cookie(response: HttpResponse, name: str, value: str, *, http_only: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=identities.MAX_AGE,
        httponly=http_only,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def with_visit(view: Callable[..., HttpResponse]) -> View:
    """The view gets a Visit; what a link refuses is answered here."""

    @wraps(view)
    def wrapper(request: HttpRequest, slug: str | None = None) -> HttpResponse:
        visit = Visit(request, campaign_of(slug))
        return refused_by_link(visit) or view(visit)

    return wrapper


def refused_by_link(visit: Visit) -> HttpResponse | None:
    campaign, words = visit.campaign, visit.words
    if campaign.link_expires_at and campaign.link_expires_at < timezone.now():
        return visit.message(words["link_expired"], words["link_invalid_hint"], status=410)
    if campaign.link_key and visit.request.GET.get("key") != campaign.link_key and not _came_with_key(visit):
        return visit.message(words["link_invalid"], words["link_invalid_hint"], status=403)
    return None


def _came_with_key(visit: Visit) -> bool:
    return (
        visit.reviewer is not None
        and Participation.objects.filter(
            campaign=visit.campaign, reviewer=visit.reviewer, link_key=visit.campaign.link_key
        ).exists()
    )


@require_safe
@never_cache
@ensure_csrf_cookie
@with_visit
def review(visit: Visit) -> HttpResponse:
    """The item this person has in hand, or the next one, or why there is none."""
    try:
        reviewer = visit.mint()
    except Refused as refused:
        return visit.message(visit.words["too_many"], refused.detail, status=refused.status)
    found = claims.claim(visit.campaign, reviewer)
    if key := visit.request.GET.get("key"):
        Participation.objects.filter(campaign=visit.campaign, reviewer=reviewer).update(link_key=key)
    if isinstance(found, claims.Nothing):
        return nothing(visit, found)
    return item_page(visit, found.item, notice=visit.words.get(visit.request.GET.get("did", ""), ""))


def nothing(visit: Visit, found: claims.Nothing) -> HttpResponse:
    minutes = claims.minutes_until(found.until) if found.until else 0
    hint = visit.words[found.reason].format(minutes=minutes)
    context = {"reason": found.reason, "hint": hint} | progress_of(visit)
    response = visit.page("nothing", context)
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
    template: str = "review",
) -> HttpResponse:
    campaign, shown = visit.campaign, showing.content(item, visit.campaign)
    video = showing.video_of(shown, campaign)
    error = (refused.field or "", refused.detail) if refused else None
    rule = campaign.rubric["comment"]
    context = {
        "item": item,
        "video": video,
        "video_window": video.window(visit.words["video_window"]) if video else "",
        "references": [
            (showing.media_url(campaign, reference.url), reference.caption) for reference in shown.references
        ],
        "frames": showing.frames_of(shown, campaign, visit.words),
        "questions": showing.questions_of(shown, campaign, visit.language, sent or {}, error),
        "scale": [
            step | {"label": texts.in_language(step["label"], visit.language), "text": str(step["value"])}
            for step in campaign.rubric["scale"]
        ],
        "comment": (sent or {}).get("comment", ""),
        "comment_hint": visit.words["comment_hint"].format(length=rule["min_length"], at=rule["at_or_below"]),
        "comment_rule": rule,
        "skip_reasons": [(value, visit.words[value]) for value in SkipReason.values],
        "refusal": refused,
        "notice": notice,
    }
    status = refused.status if refused else 200
    return visit.page(template, context | progress_of(visit), status=status)


def progress_of(visit: Visit) -> dict[str, Any]:
    mine = Participation.objects.filter(campaign=visit.campaign, reviewer=visit.reviewer).first()
    totals = counts.totals(visit.campaign)
    return {
        "mine": mine.counted if mine else 0,
        "totals": totals,
        "items_done": visit.words["items_done"].format(total=totals.items),
        "target_text": visit.words["target"].format(target=visit.campaign.target),
    }


def with_csrf_page(view: Callable[[Visit], HttpResponse]) -> View:
    """A form whose cookie is missing is answered with a page that keeps what was written."""

    @wraps(view)
    def checked(visit: Visit) -> HttpResponse:
        refused = CsrfViewMiddleware(lambda request: HttpResponse()).process_view(visit.request, view, (), {})
        if refused is None and visit.reviewer is not None:
            return view(visit)
        written = {name: value for name, value in visit.request.POST.items() if name != "csrfmiddlewaretoken"}
        words = visit.words
        return visit.message(words["cookies"], words["cookies_hint"], status=403, written=written)

    return csrf_exempt(require_POST(never_cache(with_visit(checked))))


@with_csrf_page
def send(visit: Visit) -> HttpResponse:
    sent = {name: str(value) for name, value in visit.request.POST.items()}
    assert visit.reviewer is not None
    try:
        item = claims.find_item(visit.campaign, sent.get("anno_id", ""))
    except Refused as refused:
        return visit.message(refused.detail, status=refused.status)
    try:
        answers = read_form(visit.campaign.rubric, sent)
        submit(visit.campaign, visit.reviewer, item.anno_id, answers, replace="replace" in sent)
    except Differs as refused:
        return item_page(visit, item, sent=sent, refused=refused, template="conflict")
    except Refused as refused:
        return item_page(visit, item, sent=sent, refused=refused)
    return visit.remember(redirect(f"{visit.home}review?did=saved"))


@with_csrf_page
def pass_on(visit: Visit) -> HttpResponse:
    sent = visit.request.POST
    assert visit.reviewer is not None
    try:
        claims.skip(visit.campaign, visit.reviewer, sent.get("anno_id", ""), sent.get("reason", ""))
    except Refused as refused:
        return visit.message(refused.detail, status=refused.status)
    return visit.remember(redirect(f"{visit.home}review?did=passed_on"))


@require_GET
@never_cache
def stats(request: HttpRequest, slug: str | None = None) -> JsonResponse:
    return JsonResponse(counts.stats(campaign_of(slug)))


@require_GET
@never_cache
def healthz(request: HttpRequest, slug: str | None = None) -> JsonResponse:
    return JsonResponse({"ok": True, "annos": counts.totals(campaign_of(slug)).items})
