"""Personal access tokens: a long-lived JWT that is exchanged for short-lived ones, as the SDK of Label
Studio does it.
"""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .models import ApiToken, User
from .recent_reads import TOKENS

ALGORITHM = "HS256"
ACCESS_MINUTES = 5
REFRESH, ACCESS = "refresh", "access"


class InvalidToken(Exception):
    """Forged, expired, revoked, or not of the kind asked for. The answer does not say which."""


def issue(user: User, *, name: str = "personal access token") -> tuple[ApiToken, str]:
    """A new personal access token. Only its hash is kept: it can never be read again."""
    number = uuid.uuid4().hex
    expires_at = timezone.now() + timedelta(days=settings.PERSONAL_TOKEN_DAYS)
    key = _signed(REFRESH, user.pk, number, expires_at)
    kept = {
        "name": name,
        "kind": ApiToken.Kind.PERSONAL,
        "key_hash": ApiToken.hash(key),
        "prefix": number[:8],
    }
    return ApiToken.objects.create(user=user, expires_at=expires_at, **kept), key


def rotate(token: ApiToken) -> str:
    """A new personal access token with the name of this one, which ends."""
    with transaction.atomic():
        token.revoke()
        return issue(token.user, name=token.name)[1]


def access_of(key: str) -> str:
    """The JWT that signs requests for the next minutes. Raises InvalidToken."""
    token = find(key)
    token.note_use()
    until = timezone.now() + timedelta(minutes=ACCESS_MINUTES)
    return _signed(ACCESS, token.user_id, secrets.token_hex(8), until, pat=token.pk)


def token_of(access: str) -> ApiToken:
    """The personal access token an access token came from. Revoking it ends its access tokens too."""
    claims = _claims(access, ACCESS)
    pk, user_id = claims.get("pat"), claims["user_id"]
    token = TOKENS.get(
        (pk, user_id), lambda: _first(_personal().select_related("user").filter(pk=pk, user=user_id))
    )
    if token.expires_at and token.expires_at <= timezone.now():
        raise InvalidToken
    return token


def find(key: str) -> ApiToken:
    """The row of a personal access token that can be used. Raises InvalidToken."""
    _claims(key, REFRESH)
    return _first(_personal().filter(key_hash=ApiToken.hash(key)))


def _first(tokens: QuerySet[ApiToken]) -> ApiToken:
    token = tokens.first()
    if token is None:
        raise InvalidToken
    return token


def _personal() -> QuerySet[ApiToken]:
    return ApiToken.objects.usable().filter(kind=ApiToken.Kind.PERSONAL)


def _signed(kind: str, user_id: int, number: str, expires_at: datetime, **more: Any) -> str:
    claims = {"token_type": kind, "user_id": user_id, "jti": number, "iat": timezone.now(), "exp": expires_at}
    return jwt.encode(claims | more, _keys()[0], algorithm=ALGORITHM)


def _claims(token: str, kind: str) -> dict[str, Any]:
    required = ["exp", "token_type", "user_id", "jti"]
    for key in _keys():
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM], options={"require": required})
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as error:
            raise InvalidToken from error
        if claims["token_type"] == kind:
            return claims
        break
    raise InvalidToken


def _keys() -> list[bytes]:
    """The keys that sign tokens, newest first: derived from the site's secrets, used for nothing else."""
    secrets_known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hashlib.sha256(f"countersign.jwt:{secret}".encode()).digest() for secret in secrets_known]
