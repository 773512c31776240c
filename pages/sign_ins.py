"""On one's own settings page: where one is signed in, which tokens work, and ending them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from users.models import ApiToken, User
from users.requests import user_of
from users.sessions import hash_of, sessions_of

SHOWN = 100


def sign_ins_of(user: User, request: HttpRequest) -> dict[str, Any]:
    return {
        "sessions": sessions_of(user)[:SHOWN],
        "this_session": hash_of(request.session.session_key),
        "tokens": ApiToken.objects.usable().filter(user=user)[:SHOWN],
    }


@require_POST
@login_required
def end(request: HttpRequest) -> HttpResponse:
    """End the session, the token or, with `others`, all sessions but this one."""
    user = user_of(request)
    if "others" in request.POST:
        sessions_of(user).exclude(pk=hash_of(request.session.session_key)).delete()
        messages.success(request, "Signed out everywhere else.")
    elif session := sessions_of(user).filter(pk=request.POST.get("session", "")).first():
        session.delete()
        messages.success(request, "Signed out there.")
    elif token := _own_token(user, request.POST.get("token", "")):
        token.revoke()
        messages.success(request, f"Revoked: {token.name}.")
    else:
        messages.info(request, "It had ended already.")
    return redirect("profile")


def _own_token(user: User, pk: str) -> ApiToken | None:
    usable = ApiToken.objects.usable().filter(user=user)
    return usable.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None
