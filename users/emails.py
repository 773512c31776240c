"""One spelling for each e-mail. Whatever stores, compares or counts an e-mail uses `canonical_email`."""

import unicodedata
from typing import Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from .sentences import sentence as _

MAX_LENGTH = 254
# What PostgreSQL is asked of every stored address. canonical_email returns nothing else.
CANONICAL = r"^[!-?\[-~]+@[a-z0-9.-]+$"


class InvalidEmail(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _(
                "This is not an e-mail address. It must look like name@example.org, with plain letters"
                " before the @."
            ),
            code="invalid_email",
        )


def canonical_email(email: object) -> str:
    """The one spelling of `email`: lower-case ASCII, the domain as in DNS. Raises InvalidEmail.

    Compatibility forms are folded (NFKC), so that full-width letters or a long s name nobody new. What is
    still not ASCII before the @, such as a dotless i, is refused: databases, Python and mail servers disagree
    about its case. Tags (`name+tag@…`) stay part of the name.
    """
    if not isinstance(email, str) or len(email) > 4 * MAX_LENGTH:
        raise InvalidEmail
    name, at, domain = unicodedata.normalize("NFKC", email).strip().rpartition("@")
    # A quoted name would be another spelling of the plain one.
    if not at or not name.isascii() or '"' in name:
        raise InvalidEmail
    spelled = f"{name.casefold()}@{_in_dns(domain)}"
    try:
        validate_email(spelled)
    except ValidationError:
        raise InvalidEmail
    # Folded letters may be longer than those that were sent. An IP address instead of a domain has several
    # spellings.
    if len(spelled) > MAX_LENGTH or spelled.endswith("]"):
        raise InvalidEmail
    return spelled


def _in_dns(domain: str) -> str:
    if domain.isascii():
        return domain.casefold()
    try:
        # Not casefold: the German sharp s and ss are two domains.
        return idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidEmail


class EmailFormField(forms.EmailField):
    default_validators = []

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text if text in self.empty_values else canonical_email(text)


class CanonicalEmailField(models.EmailField):
    """Stores the canonical spelling, and looks for it: `filter(email="Ann@X.org")` finds ann@x.org.

    A lookup of something that is no address finds nobody; saving it raises InvalidEmail.
    """

    def to_python(self, value: Any) -> Any:
        return value if value in self.empty_values else canonical_email(value)

    def get_prep_value(self, value: Any) -> Any:
        try:
            return canonical_email(value) if isinstance(value, str) else super().get_prep_value(value)
        except InvalidEmail:
            return value

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        email = canonical_email(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, email)
        return email

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**({"form_class": EmailFormField} | kwargs))
