"""Sessions in the database, by the hash of their key: who reads the table cannot continue one."""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.timezone import now

from .client_address import client_address

SIGNED_IN = "signed_in"
AGENT_LENGTH = 200


def hash_of(session_key: str | None) -> str:
    return hashlib.sha256((session_key or "").encode()).hexdigest()


class Session(AbstractBaseSession):
    """Somebody who is signed in with a browser."""

    session_key = models.CharField(max_length=64, primary_key=True, help_text="Hash of the key.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore

    def __str__(self) -> str:
        return f"{self.session_key[:8]}…"

    @property
    def signed_in(self) -> dict[str, str]:
        return self.get_decoded().get(SIGNED_IN) or {}

    @property
    def created_at(self) -> datetime | None:
        at = self.signed_in.get("at")
        return datetime.fromisoformat(at) if at else None

    @property
    def agent(self) -> str:
        return self.signed_in.get("agent", "")

    @property
    def address(self) -> str:
        return self.signed_in.get("address", "")


class SessionStore(DatabaseStore):
    """The cookie has the key, the table its hash. Only the methods that requests use are here: nothing of
    this site is asynchronous.
    """

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        key = hash_of(self.session_key)
        found = Session.objects.filter(session_key=key, expire_date__gt=now()).first()
        if found is None:
            self._session_key = None
            return {}
        return self.decode(found.session_data)

    def exists(self, session_key: str) -> bool:
        return super().exists(hash_of(session_key))

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(hash_of(key))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        return Session(
            session_key=hash_of(self.session_key),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
        )


def sessions_of(user: models.Model) -> QuerySet[Session]:
    return Session.objects.filter(user=user, expire_date__gt=now()).order_by("-expire_date")


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """So that people recognise their sessions."""
    request.session[SIGNED_IN] = {
        "at": now().isoformat(),
        "agent": request.META.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH],
        "address": client_address(request),
    }
