"""The people of the demo. Their passwords and tokens are generated once per data folder and then kept."""

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

# The database has only the hashes.
SECRETS_FILE = "demo-secrets.json"


@dataclass(frozen=True)
class Account:
    """`role` is their role in both projects."""

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
    # Two authors of annotations in the exports.
    "annotator": Account("mira.holt@example.com", "Mira", "Holt", Role.ANNOTATOR),
    "annotator2": Account("tomas.reyes@example.com", "Tomas", "Reyes", Role.ANNOTATOR),
}
# The third author, who cannot sign in.
COLLEAGUE = Account("ines.okafor@example.com", "Ines", "Okafor", Role.ANNOTATOR)

Secrets = dict[str, dict[str, str]]


def account_secrets() -> Secrets:
    """Account name → password and token, generated at the first call."""
    path = settings.DATA_DIR / SECRETS_FILE
    if path.exists():
        return json.loads(path.read_text())
    made = {
        name: {"password": secrets.token_urlsafe(12), "token": secrets.token_hex(20)} for name in ACCOUNTS
    }
    write_private(path, made)
    return made


def write_private(path: Path, body: dict[str, Any]) -> None:
    """Readable by the owner only, and replaced atomically: readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(body, file, indent=1)
    unfinished.replace(path)


def create_people() -> dict[str, User]:
    """Account name → user, created if missing, with the password and token of this data folder."""
    known = account_secrets()
    everybody = {name: _person(account, known[name]) for name, account in ACCOUNTS.items()}
    return everybody | {"colleague": _person(COLLEAGUE, None)}


def _person(account: Account, secret: dict[str, str] | None) -> User:
    person = User.objects.filter(email=account.email).first()
    if person is None:
        person = _new(account, secret)
    elif secret and not _tokens(person, secret).exists():
        # The database is older than the data folder, so nobody knows the password any more.
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
