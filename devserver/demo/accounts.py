"""The people of the demo. Their passwords and tokens are made once for each data folder and stay the same from start to start."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from users.capabilities import Role
from users.models import ApiToken, User

KEPT_IN = "demo-secrets.json"  # the database has hashes only


@dataclass(frozen=True)
class Account:
    """`role` is what they are in both projects."""

    email: str
    first_name: str
    last_name: str
    role: Role | None = None
    fields: tuple[tuple[str, Any], ...] = ()


ACCOUNTS = {
    "admin": Account(
        "admin@example.com",
        "Ada",
        "Lind",
        fields=(("is_superuser", True), ("is_staff", True), ("site_role", Role.OWNER)),
    ),
    "lead": Account(
        "lead@example.com", "Lena", "Brandt", fields=(("is_staff", True), ("may_create_projects", True))
    ),
    "reviewer": Account("reviewer@example.com", "Ravi", "Menon", Role.REVIEWER),
    "reviewer2": Account("reviewer2@example.com", "Rosa", "Keller", Role.REVIEWER),
    # Two of the people who did the work in the exports.
    "annotator": Account("mira.holt@example.com", "Mira", "Holt", Role.ANNOTATOR),
    "annotator2": Account("tomas.reyes@example.com", "Tomas", "Reyes", Role.ANNOTATOR),
}
# The third of them, who never signs in.
COLLEAGUE = Account("ines.okafor@example.com", "Ines", "Okafor", Role.ANNOTATOR)

Secrets = dict[str, dict[str, str]]


def remembered() -> Secrets:
    """Name → password and token."""
    path = settings.DATA_DIR / KEPT_IN
    if path.exists():
        return json.loads(path.read_text())
    made = {
        name: {"password": secrets.token_urlsafe(12), "token": secrets.token_hex(20)} for name in ACCOUNTS
    }
    write_private(path, made)
    return made


def write_private(path: Path, body: Any) -> None:
    """For the owner's eyes; whoever reads it sees the old or the new, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(body, file, indent=1)
    draft.replace(path)


def people() -> dict[str, User]:
    """Everybody by name, made where they are not there, able to sign in as the data folder remembers."""
    known = remembered()
    everybody = {name: _person(account, known[name]) for name, account in ACCOUNTS.items()}
    return everybody | {"colleague": _person(COLLEAGUE, None)}


def _person(account: Account, secret: dict[str, str] | None) -> User:
    person = User.objects.filter(email=account.email).first()
    if person is None:
        person = _new(account, secret)
    elif secret and not _tokens(person, secret).exists():
        # The database outlived its data folder: what the old one knew, nobody knows any more.
        person.set_password(secret["password"])
        person.save(update_fields=["password"])
    if secret:
        key = secret["token"]
        ApiToken.objects.get_or_create(
            user=person, key_hash=ApiToken.hash(key), defaults={"name": "demo", "prefix": key[:8]}
        )
    return person


def _new(account: Account, secret: dict[str, str] | None) -> User:
    names = {"first_name": account.first_name, "last_name": account.last_name}
    password = secret["password"] if secret else None
    return User.objects.create_user(account.email, password, **names, **dict(account.fields))


def _tokens(person: User, secret: dict[str, str]) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=person, key_hash=ApiToken.hash(secret["token"]))
