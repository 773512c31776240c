"""Whose work it is: by e-mail or by the users map, never by a bare number that happens to be somebody's id here."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models.functions import Lower

from tasks.models import Project
from users.models import User

from .entries import Entry
from .fields import Wrong, an_email, an_object, shown, take, words
from .json_stream import invalid

PLACEHOLDER_HOST = "placeholder.invalid"
NAME_LENGTH = 64  # what may stand before an @
BATCH = 1000

Names = dict[str, str]  # "first_name" and "last_name"


class UsersMap:
    """Who hides behind the numbers of a file: `{"4": "a@b.org"}`, or Label Studio's list of users."""

    def __init__(self, sent: Any = None):
        self.email_of: dict[str, str] = {}
        self.names_of: dict[str, Names] = {}
        try:
            if isinstance(sent, list):
                for position, user in enumerate(sent):
                    self._add(an_object(user, f"users[{position}]").get("id"), user, f"users[{position}]")
            else:
                for key, user in an_object(sent or {}, "users").items():
                    self._add(key, user, f"users[{shown(key)}]")
        except Wrong as wrong:
            raise invalid(f"{wrong}.", field="users")

    def _add(self, number: Any, user: Any, path: str) -> None:
        if isinstance(number, bool) or not re.fullmatch(r"[1-9]\d{0,18}", str(number)):
            raise Wrong(path, f"must have a number of the file as its id, not {shown(number)}")
        if isinstance(user, str):
            user = {"email": user}
        email = an_email(an_object(user, path).get("email"), f"{path}.email")
        self.email_of[f"#{number}"] = email
        self.names_of[email] = {
            name: take(user, name, words, f"{path}.", "")[:150] for name in ("first_name", "last_name")
        }


class People:
    """The ids of the people a file names, placeholders made for those we do not know."""

    def __init__(self, project: Project, users: UsersMap):
        self.project = project
        self.users = users
        self.ids: dict[str, int] = {}
        self.placeholders: list[str] = []

    def __getitem__(self, key: str) -> int:
        return self.ids[key]

    def know(self, keys: Iterable[str]) -> None:
        """Look up, or make, everybody of `keys` (kinds.somebody)."""
        wanted = {key: self.users.email_of.get(key, key) for key in keys}
        emails = {key: email if "@" in email else self._email_for(email) for key, email in wanted.items()}
        found = _by_email(set(emails.values()))
        strange = {key: email for key, email in emails.items() if email not in found}
        known_as = {key: _stand_in_for(email) for key, email in strange.items()}
        found |= _by_email(set(known_as.values()))
        found |= self._make({known_as[key]: strange[key] for key in strange if known_as[key] not in found})
        self.ids = {key: found[known_as.get(key, email)] for key, email in emails.items()}

    def _email_for(self, key: str) -> str:
        # Of this project: the fourth person of another file is somebody else.
        name = (
            f"imported-{key[1:]}-project-{self.project.pk}" if key else f"unknown-annotator-{self.project.pk}"
        )
        return f"{name}@{PLACEHOLDER_HOST}"

    def _make(self, wanted: dict[str, str]) -> dict[str, int]:
        """Inactive people from {placeholder's e-mail: what the file calls them}."""
        people = [self._placeholder(email, called) for email, called in wanted.items()]
        User.objects.bulk_create(
            people, batch_size=BATCH, ignore_conflicts=True
        )  # somebody else may import them just now
        self.placeholders += [person.email for person in people]
        return _by_email(set(wanted))

    def _placeholder(self, email: str, called: str) -> User:
        unknown = email == self._email_for("")
        names = self.users.names_of.get(called) or {
            "first_name": "Unknown annotator" if unknown else called.removesuffix(f"@{PLACEHOLDER_HOST}")
        }
        return User(email=email, password=make_password(None), is_active=False, is_placeholder=True, **names)


def _by_email(emails: set[str]) -> dict[str, int]:
    return dict(
        User.objects.annotate(lower=Lower("email")).filter(lower__in=emails).values_list("lower", "pk")
    )


def _stand_in_for(email: str) -> str:
    """The placeholder of somebody known by e-mail alone: the address itself stays free for when they come."""
    if email.endswith(f"@{PLACEHOLDER_HOST}"):
        return email
    name = f"imported-{email.replace('@', '-at-')}"
    if len(name) > NAME_LENGTH:
        name = f"{name[: NAME_LENGTH - 9]}-{hashlib.sha256(email.encode()).hexdigest()[:8]}"
    return f"{name}@{PLACEHOLDER_HOST}"


def people_of(entry: Entry) -> set[str]:
    keys = {answer.author for answer in entry.answers}
    for answer in entry.answers:
        for verdict in answer.said.verdicts:
            keys |= {verdict.reviewer, verdict.undone_by or verdict.reviewer}
    return keys
