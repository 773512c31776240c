"""`Authorization: Token <key>`."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from .models import ApiToken


class TokenAuthentication(BaseAuthentication):
    keyword = b"token"

    def authenticate(self, request):
        kind, _, key = get_authorization_header(request).partition(b" ")
        if not kind:
            return None
        if kind.lower() != self.keyword or not key.strip():
            raise AuthenticationFailed("The Authorization header must read: Token <your key>.")
        return self._user_of(key.strip())

    def _user_of(self, key: bytes):
        hashed = ApiToken.hash(key.decode("latin-1"))
        token = ApiToken.objects.usable().select_related("user").filter(key_hash=hashed).first()
        if token is None:
            raise AuthenticationFailed("Invalid token.")
        token.note_use()
        return token.user, token

    def authenticate_header(self, request) -> str:
        return "Token"
