"""`Authorization: Token <key>`, or `Bearer <access token>` made from a personal access token."""

from typing import TypeVar

from django.db.models import Model
from django.db.models.base import ModelState
from django.utils.timezone import now
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from . import login_guard, personal_tokens
from .client_address import client_address
from .models import ApiToken, User
from .recent_reads import TOKENS
from .sentences import sentence as _

Row = TypeVar("Row", bound=Model)


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        kind, _space, key = get_authorization_header(request).partition(b" ")
        if not kind:
            return None
        find = {b"token": self._by_key, b"bearer": self._by_access_token}.get(kind.lower())
        if find is None or not key.strip():
            raise AuthenticationFailed(_("The Authorization header must read: Token <your key>."))
        try:
            kept = find(key.strip().decode("latin-1"))
        except AuthenticationFailed:
            refuse_flood(request)
            raise
        kept.note_use()
        # Other requests have the same token and user at the same moment, and views write to theirs.
        token, user = _copy_of(kept), _copy_of(kept.user)
        token.user = user
        return user, token

    def _by_key(self, key: str) -> ApiToken:
        key_hash = ApiToken.hash(key)
        token = TOKENS.get(key_hash, lambda: self._read(key_hash))
        if token.expires_at and token.expires_at <= now():
            raise AuthenticationFailed(_("Invalid token."))
        return token

    def _read(self, key_hash: str) -> ApiToken:
        keys = ApiToken.objects.usable().exclude(kind=ApiToken.Kind.PERSONAL).select_related("user")
        token = keys.filter(key_hash=key_hash).first()
        if token is None:
            raise AuthenticationFailed(_("Invalid token."))
        return token

    def _by_access_token(self, access: str) -> ApiToken:
        try:
            return personal_tokens.token_of(access)
        except personal_tokens.InvalidToken:
            raise AuthenticationFailed(_("Token is invalid"))

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class TooManyTries(Throttled):
    default_code = "too_many_tries"
    extra_detail_singular = extra_detail_plural = _("Try again in {wait} seconds.")
    default_detail = _("Too many attempts.")


def refuse_flood(request: Request) -> None:
    """Count a key that is not valid. Raises TooManyTries."""
    if wait := login_guard.count_bad_key(client_address(request)):
        raise TooManyTries(wait)


def _copy_of(row: Row) -> Row:
    """With a state of its own. `copy.copy` pickles a model, which takes twenty times as long."""
    own = type(row).__new__(type(row))
    own.__dict__.update(row.__dict__)
    own._state = ModelState()
    own._state.db, own._state.adding = row._state.db, False
    return own
