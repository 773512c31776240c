"""`Authorization: Token <key>`, or `Bearer <access token>` made from a personal access token."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from . import personal_tokens
from .models import ApiToken


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request):
        kind, _, key = get_authorization_header(request).partition(b" ")
        if not kind:
            return None
        find = {b"token": self._by_key, b"bearer": self._by_access_token}.get(kind.lower())
        if find is None or not key.strip():
            raise AuthenticationFailed("The Authorization header must read: Token <your key>.")
        token = find(key.strip().decode("latin-1"))
        token.note_use()
        return token.user, token

    def _by_key(self, key: str) -> ApiToken:
        keys = ApiToken.objects.usable().filter(kind=ApiToken.Kind.KEY)
        token = keys.select_related("user").filter(key_hash=ApiToken.hash(key)).first()
        if token is None:
            raise AuthenticationFailed("Invalid token.")
        return token

    def _by_access_token(self, access: str) -> ApiToken:
        try:
            return personal_tokens.token_of(access)
        except personal_tokens.InvalidToken:
            raise AuthenticationFailed("Token is invalid")

    def authenticate_header(self, request) -> str:
        return "Token"
