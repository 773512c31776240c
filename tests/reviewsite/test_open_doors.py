"""Every route that answers somebody who is not signed in, and what guards it. A new one fails here until
somebody has decided.
"""

import re
from collections.abc import Iterator

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny

METHODS = ("get", "post", "put", "patch", "delete")
SIGN_IN = re.compile(r"/accounts/login/\?next=|/admin/login/\?next=")
MEDIA = r"^data/upload/(?P<project>[0-9]{1,18})/(?P<name>[A-Za-z0-9._-]{1,255})$"
# Route → what guards it.
OPEN = {
    "metrics": "404 without the token of METRICS_TOKEN",
    "": "shows nothing of anybody: projects only to who is signed in",
    "accounts/login/": "a password: login guard by address, person and e-mail",
    "admin/login/": "likewise",
    "api/auth/login/": "likewise",
    "accounts/logout/": "ends the session there is, by POST with a CSRF token",
    "admin/logout/": "likewise",
    "accounts/password_reset/": "asks for a mail: counted by e-mail and by address",
    "accounts/password_reset/done/": "a sentence",
    "accounts/reset/<uidb64>/<token>/": "a signed link from a mail, once, within three days",
    "accounts/reset/done/": "a sentence",
    "accounts/oidc/": "404 unless sign-on is configured; leads to the provider",
    "accounts/oidc/callback/": "likewise; state, nonce and signature are checked",
    "api/token/refresh/": "a token: bad ones are counted by address",
    "api/version/": "the version of Label Studio whose dialect is spoken",
    "api/docs/": "the documentation",
    "api/schema/": "likewise",
    "review": "the campaign that is the site's default, if there is one: its link, and a signed cookie that"
    " is given to anybody, so many an address and hour",
    "review/submit": "likewise; a CSRF token",
    "review/skip": "likewise",
    "review/keep": "likewise",
    "stats": "five counts of the campaign",
    "healthz": "how many items the campaign has",
    "c/<slug:slug>/review": "a campaign by its link, as above",
    "c/<slug:slug>/review/submit": "likewise; a CSRF token",
    "c/<slug:slug>/review/skip": "likewise",
    "c/<slug:slug>/review/keep": "likewise",
    "c/<slug:slug>/stats": "five counts of the campaign",
    "c/<slug:slug>/healthz": "how many items the campaign has",
    "c/<slug:slug>/media/<path:path>": "a file of the campaign's folder by its link, as above",
    "audits/language/": "sets a cookie with one of two languages; a CSRF token",
    "audits/public/<uuid:public_id>/": "a report that its author submitted to be public, by an address "
    "that cannot be guessed; no name without consent",
    "start/": "links to pages that ask who it is",
    "^api/": "whatever is no route below /api/: 404",
}
# Open only to who brings something else than a session or token.
OPEN_BY_LINK = {MEDIA: "a signed link of ten minutes"}


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        else:
            yield route, entry


ROUTES = dict(routes(get_resolver("reviewsite.urls").url_patterns))


def path_of(route: str) -> str:
    """A path that the route matches, of rows that do not exist."""
    if route == MEDIA:
        return "/data/upload/7/a.png"
    route = re.sub(r"\(\?P<\w+>[^()]*(\([^()]*\))?[^()]*\)", "7", route)
    route = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", route)
    route = route.replace("<uidb64>/<token>", "Nw/set-password")
    route = re.sub(r"<[^>]*>", "7", route)
    return "/" + re.sub(r"\\Z|\\/|[\^$?\\]", lambda found: "/" if found[0] == r"\/" else "", route)


def is_closed(answer) -> bool:
    if answer.status_code == 302:
        return bool(SIGN_IN.match(answer["Location"]))
    return answer.status_code in (401, 403, 405)


def test_every_open_route_has_a_guard_that_somebody_wrote_down(db):
    browser, found = Client(raise_request_exception=False), {}
    for route in ROUTES:
        answers = [getattr(browser, method)(path_of(route)) for method in METHODS]
        if opened := {answer.status_code for answer in answers if not is_closed(answer)}:
            found[route] = opened

    assert sorted(found) == sorted(OPEN)
    failed = {route: statuses for route, statuses in found.items() if max(statuses) >= 500}
    assert failed == {}


def test_every_view_that_lets_anybody_in_is_written_down():
    views = {route: getattr(entry.callback, "cls", None) for route, entry in ROUTES.items()}
    anybody = {route for route, view in views.items() if AllowAny in getattr(view, "permission_classes", ())}

    assert anybody <= OPEN.keys() | OPEN_BY_LINK.keys()


def test_the_walk_reaches_the_routes():
    resolve = get_resolver("reviewsite.urls").resolve

    assert len([resolve(path_of(route)) for route in ROUTES]) == len(ROUTES) > 200
