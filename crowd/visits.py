"""One request of somebody to a campaign: who they are, in which language, and what every answer has: cookies,
and headers for pages that may be embedded."""

import logging
from collections.abc import Callable
from functools import wraps
from http.cookies import Morsel
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from users.client_address import client_address

from . import content_policy, identities, showing, texts
from .models import Campaign, Participation, Reviewer, Slot

log = logging.getLogger(__name__)
View = Callable[..., HttpResponse]
RETRY_SECONDS = 5
CSRF = CsrfViewMiddleware(lambda request: HttpResponse())
TOKEN = "csrfmiddlewaretoken"
OTHER_FIELDS = ("anno_id", "reason", "replace")


class Visit:
    def __init__(self, request: HttpRequest, campaign: Campaign) -> None:
        self.request, self.campaign = request, campaign
        self.language = texts.language_of(request)
        self.words = texts.words(self.language)
        self.cookie = request.COOKIES.get(identities.COOKIE)
        self.reviewer = identities.known(self.cookie)

    @property
    def home(self) -> str:
        return home_of(self.request)

    @property
    def sent(self) -> dict[str, str]:
        return sent_by(self.request)

    def mint(self) -> Reviewer:
        """Who this is; a new reviewer if nobody is known. Raises Refused (429)."""
        if self.reviewer is None:
            self.reviewer, self.cookie = identities.mint(client_address(self.request))
        return self.reviewer

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        response = render_page(self.request, template, {"campaign": self.campaign} | context, status=status)
        return self.remember(response)

    def remember(self, response: HttpResponse) -> HttpResponse:
        """The reviewer's cookie for another 180 days, and the language that was asked for."""
        if self.reviewer and self.cookie:
            _set_cookie(response, identities.COOKIE, identities.renewed(self.cookie), http_only=True)
        if self.request.GET.get("lang") in texts.LANGUAGES:
            _set_cookie(response, texts.COOKIE, self.language, http_only=False)
        return response

    def message(self, title: str, hint: str = "", *, status: int) -> HttpResponse:
        return self.page("message", {"title": title, "hint": hint}, status=status)

    @property
    def has_link(self) -> bool:
        """They came with the campaign's link, now or before."""
        key = self.campaign.link_key
        return not key or constant_time_compare(self.request.GET.get("key", ""), key) or self._came_with(key)

    def _came_with(self, key: str) -> bool:
        theirs = Participation.objects.filter(campaign=self.campaign, reviewer=self.reviewer, link_key=key)
        return self.reviewer is not None and theirs.exists()

    @property
    def holds_an_item(self) -> bool:
        who = self.reviewer
        return who is not None and Slot.objects.filter(campaign=self.campaign, holder=who.pk).exists()


def home_of(request: HttpRequest) -> str:
    """The short addresses lead to the short addresses."""
    parts = request.path.split("/")
    return f"/c/{parts[2]}/" if request.path.startswith("/c/") else "/"


def sent_by(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.POST.items() if name != TOKEN}


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    language = texts.language_of(request)
    shared = {
        "home": home_of(request),
        "t": texts.words(language),
        "language": language,
        "languages": texts.LANGUAGES,
    }
    return render(request, f"crowd/{template}.html", shared | context, status=status)


def is_own_form(request: HttpRequest) -> bool:
    """Browsers say where a form was; no Origin: not a browser of today."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def is_foreign_form(request: HttpRequest) -> bool:
    return "Origin" in request.headers and not is_own_form(request)


def public_page(*methods: str) -> Callable[[Callable[[Visit], HttpResponse]], View]:
    """A page of a campaign, by its slug or the site's default one. The view gets a Visit; what the link
    refuses, and a database that does not answer, are answered here."""
    allowed = [*methods, "OPTIONS"]

    def decorate(view: Callable[[Visit], HttpResponse]) -> View:
        @csrf_exempt  # the forms check it themselves: see `views.with_form`
        @never_cache
        @wraps(view)
        def answer(request: HttpRequest, slug: str | None = None) -> HttpResponse:
            if request.method not in methods:
                status = 204 if request.method == "OPTIONS" else 405
                return HttpResponse(status=status, headers={"Allow": ", ".join(allowed)})
            try:
                visit = Visit(request, campaign_of(slug))
                response = refused_by_link(visit) or view(visit)
            except (OperationalError, InterfaceError) as error:
                log.error("The database did not answer a campaign's page: %s", error)
                response = busy(request)
            # Its cookie is set now, not by the middleware: the next line has to see it.
            CSRF.process_response(request, response)
            return embeddable(response)

        return answer

    return decorate


def campaign_of(slug: str | None) -> Campaign:
    """By its slug, or the site's default."""
    campaign = default_campaign() if slug is None else Campaign.objects.public().filter(slug=slug).first()
    if campaign is None:
        raise Http404
    return campaign


def default_campaign() -> Campaign | None:
    return Campaign.objects.public().filter(is_default=True).first()


def refused_by_link(visit: Visit) -> HttpResponse | None:
    campaign, words = visit.campaign, visit.words
    if not visit.has_link:
        return not_sent(visit, words["link_invalid"], words["link_hint"], status=403, again=False)
    is_over = campaign.link_expires_at and campaign.link_expires_at < timezone.now()
    # What somebody has in hand can still be looked at and sent.
    if is_over and not visit.holds_an_item:
        return not_sent(visit, words["link_expired"], words["link_hint"], status=410, again=False)
    return None


def not_sent(visit: Visit, title: str, hint: str, *, status: int, again: bool = True) -> HttpResponse:
    """A page that keeps what was written. `again`: with a button that sends it again."""
    return visit.page("not_sent", _kept(visit.request, visit.campaign, title, hint, again), status=status)


def _kept(
    request: HttpRequest, campaign: Campaign | None, title: str, hint: str, again: bool
) -> dict[str, Any]:
    sent, language = sent_by(request), texts.language_of(request)
    rubric = campaign.rubric if campaign else {"questions": [], "scale": []}
    known = [name for name, _ in showing.fields_of(rubric, language)] if campaign else list(sent)[:40]
    return {
        "title": title,
        "hint": hint,
        "written": list(showing.answered(rubric, language, sent)),
        "fields": {name: sent[name] for name in {*known, *OTHER_FIELDS} & sent.keys()},
        "address": request.path,
        # A foreign page could have filled it in: one click, and it would be sent in this person's name.
        "again": again and request.method == "POST" and not is_foreign_form(request),
    }


def busy(request: HttpRequest) -> HttpResponse:
    """Made without the database."""
    words = texts.words(texts.language_of(request))
    context = {"campaign": None} | _kept(request, None, words["busy"], words["busy_hint"], again=True)
    response = render_page(request, "not_sent", context, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


# --- cookies and frames ----------------------------------------------------------------------------------


def _set_cookie(response: HttpResponse, name: str, value: str, *, http_only: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=identities.MAX_AGE,
        httponly=http_only,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


class PartitionedMorsel(Morsel):
    """A cookie with the attribute that Python knows from 3.14 on."""

    _reserved = Morsel._reserved | {"partitioned": "Partitioned"}  # type: ignore[attr-defined]
    _flags = Morsel._flags | {"partitioned"}  # type: ignore[attr-defined]


def embeddable(response: HttpResponse) -> HttpResponse:
    """If CROWD_EMBED_ORIGINS says so: other sites may show the page in a frame, where it has cookies of its
    own for each of them."""
    if not settings.CROWD_EMBED_ORIGINS:
        return response
    content_policy.allow_embedding(response)
    for name in (identities.COOKIE, texts.COOKIE, settings.CSRF_COOKIE_NAME):
        if cookie := response.cookies.get(name):
            partitioned: Morsel[str] = PartitionedMorsel()
            partitioned.set(name, cookie.value, cookie.coded_value)
            partitioned.update(dict(cookie) | {"samesite": "None", "secure": True, "partitioned": True})
            response.cookies[name] = partitioned  # type: ignore[assignment]
    return response
