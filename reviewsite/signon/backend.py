"""The person behind a sign-on. The library implements the protocol, this module the checks it leaves out."""

import logging
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from users.emails import InvalidEmail, canonical_email
from users.models import User

from . import provider
from .groups import give_roles

log = logging.getLogger(__name__)
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub"]


class SignOnBackend(OIDCAuthenticationBackend):
    get_settings = staticmethod(provider.setting)

    def __init__(self) -> None:
        """Reads no settings: Django creates every backend each time it loads the user of a session."""
        self.UserModel = User

    def authenticate(self, request: HttpRequest, nonce: str, code_verifier: str) -> User | None:
        """The arguments are required, so Django never calls this for a password login."""
        try:
            super().__init__()
            return super().authenticate(request, nonce=nonce, code_verifier=code_verifier)
        except (requests.RequestException, jwt.PyJWTError, SuspiciousOperation, KeyError) as reason:
            log.warning("Sign-on refused: %r", reason)
            return None

    def _verify_jws(self, payload: str, key: Any) -> dict[str, Any]:
        """Signature, algorithm, issuer, audience and expiry."""
        claims = jwt.decode(
            payload,
            key,
            algorithms=[settings.OIDC_RP_SIGN_ALGO],
            audience=settings.OIDC_RP_CLIENT_ID,
            options={"require": REQUIRED_CLAIMS},
            leeway=settings.OIDC_LEEWAY_SECONDS,
        )
        if claims["iss"].rstrip("/") != settings.OIDC_ISSUER:
            raise SuspiciousOperation(f"The token was issued by {claims['iss']}.")
        if claims.get("azp", settings.OIDC_RP_CLIENT_ID) != settings.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation(f"The token was issued to {claims['azp']}.")
        return claims

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The claims of the token, updated from the provider's userinfo endpoint."""
        userinfo = super().get_userinfo(access_token, id_token, payload)
        if userinfo.get("sub") != payload["sub"]:
            raise SuspiciousOperation("The token and the userinfo endpoint name different people.")
        return payload | userinfo

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """People are matched by e-mail, so the provider must have verified it."""
        verified = claims.get("email_verified") in (True, "true") or not settings.OIDC_REQUIRE_VERIFIED_EMAIL
        return verified and _is_as_written(claims.get("email"))

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[User]:
        """The library's compares without case, by the rules of PostgreSQL."""
        return User.objects.filter(email=claims["email"])

    def create_user(self, claims: dict[str, Any]) -> User:
        try:
            with transaction.atomic():
                person = User.objects.create_user(claims["email"], **_names(claims))
        except IntegrityError:  # another tab was a moment faster
            person = User.objects.get(email=claims["email"])
        return self.update_user(person, claims)

    def update_user(self, user: User, claims: dict[str, Any]) -> User:
        """Roles follow the groups at every sign-on. Deactivated people get none, and Django refuses them."""
        if user.is_active:
            give_roles(user, _groups(claims))
        return user


def _is_as_written(email: Any) -> bool:
    """The provider has verified a mailbox. If our spelling folds its name, it may be somebody else's here."""
    try:
        return canonical_email(email).partition("@")[0] == email.strip().rpartition("@")[0].lower()
    except InvalidEmail:
        return False


def _groups(claims: dict[str, Any]) -> list[str]:
    groups = claims.get(settings.OIDC_GROUPS_CLAIM) or []
    return [groups] if isinstance(groups, str) else [group for group in groups if isinstance(group, str)]


def _names(claims: dict[str, Any]) -> dict[str, str]:
    return {
        "first_name": str(claims.get("given_name", ""))[:150],
        "last_name": str(claims.get("family_name", ""))[:150],
    }
