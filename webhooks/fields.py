"""A JSON field that is encrypted in the database."""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PURPOSE = b"countersign.webhooks.sealed"


def cipher(purpose: bytes) -> MultiFernet:
    """Encrypts with SECRET_KEY, and decrypts what an older key of SECRET_KEY_FALLBACKS encrypted, too."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])


def _key(secret: str, purpose: bytes) -> bytes:
    derived = hashlib.blake2b(secret.encode(), key=purpose[:64], digest_size=32).digest()
    return base64.urlsafe_b64encode(derived)


# The stubs make a text of a TextField's values; at run time the class takes no type arguments.
if TYPE_CHECKING:
    TextField = models.TextField[dict[str, str], dict[str, str]]
else:
    TextField = models.TextField


class Unreadable(dict[str, str]):
    """What is stored when its key is gone: empty to read, and stored again as it was."""

    def __init__(self, sealed: str) -> None:
        super().__init__()
        self.sealed = sealed


class EncryptedField(TextField):
    """A JSON object, stored as a Fernet token."""

    def get_prep_value(self, value: Any) -> str:
        if isinstance(value, Unreadable):
            return value.sealed
        return cipher(PURPOSE).encrypt(json.dumps(value).encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        try:
            return json.loads(cipher(PURPOSE).decrypt(value.encode())) if value else {}
        except InvalidToken:
            return Unreadable(value or "")

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))
