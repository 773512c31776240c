"""Finds whose work it is: by e-mail or by the users map, never by an id that happens to exist here, too."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import make_password

from tasks.models import Project
from users.models import User

from .entries import TaskEntry
from .fields import InvalidField, as_email, as_object, as_text, described, read
from .json_stream import invalid_import

PLACEHOLDER_HOST = "placeholder.invalid"
NAME_LENGTH = 64  # of what comes before the @
BATCH = 1000

Names = dict[str, str]  # "first_name" and "last_name"


class UsersMap:
    """Maps the user ids of a file to people: `{"4": "a@b.org"}`, or Label Studio's list of users."""

    def __init__(self, sent: Any = None):
        self.email_of: dict[str, str] = {}
        self.names_of: dict[str, Names] = {}
        try:
            if isinstance(sent, list):
                for position, user in enumerate(sent):
                    self._add(as_object(user, f"users[{position}]").get("id"), user, f"users[{position}]")
            else:
                for key, user in as_object(sent or {}, "users").items():
                    self._add(key, user, f"users[{described(key)}]")
        except InvalidField as wrong:
            raise invalid_import(f"{wrong}.", field="users")

    def _add(self, number: Any, user: Any, path: str) -> None:
        if isinstance(number, bool) or not re.fullmatch(r"[1-9]\d{0,18}", str(number)):
            raise InvalidField(path, f"must have a number of the file as its id, not {described(number)}")
        if isinstance(user, str):
            user = {"email": user}
        email = as_email(as_object(user, path).get("email"), f"{path}.email")
        self.email_of[f"#{number}"] = email
        self.names_of[email] = {
            name: read(user, name, as_text, f"{path}.", "")[:150] for name in ("first_name", "last_name")
        }


class People:
    """The user ids of the people in a file. People unknown here become inactive placeholders."""

    def __init__(self, project: Project, users: UsersMap):
        self.project = project
        self.users = users
        self.ids: dict[str, int] = {}
        self.placeholders: list[str] = []

    def __getitem__(self, key: str) -> int:
        return self.ids[key]

    def resolve(self, keys: Iterable[str]) -> None:
        """Look up everybody of `keys` (see fields.as_person), or create a placeholder."""
        known_as = {key: self.users.email_of.get(key, key) for key in keys}
        emails = {key: name if "@" in name else self._placeholder_of(name) for key, name in known_as.items()}
        ids = _ids_by_email(set(emails.values()))
        unknown = {key: email for key, email in emails.items() if email not in ids}
        placeholders = {key: _placeholder_email(email) for key, email in unknown.items()}
        ids |= _ids_by_email(set(placeholders.values()))
        ids |= self._create(
            {placeholders[key]: unknown[key] for key in unknown if placeholders[key] not in ids}
        )
        self.ids = {key: ids[placeholders.get(key, email)] for key, email in emails.items()}

    def _placeholder_of(self, key: str) -> str:
        # The project is part of it: user 4 of another project's file is somebody else.
        project = self.project.pk
        name = f"imported-{key[1:]}-project-{project}" if key else f"unknown-annotator-{project}"
        return f"{name}@{PLACEHOLDER_HOST}"

    def _create(self, wanted: dict[str, str]) -> dict[str, int]:
        """Ids of new placeholders, from {placeholder's e-mail: e-mail in the file}."""
        people = [self._placeholder(email, in_file) for email, in_file in wanted.items()]
        # Conflicts are ignored because another import may be creating the same people.
        User.objects.bulk_create(people, batch_size=BATCH, ignore_conflicts=True)
        self.placeholders += [person.email for person in people]
        return _ids_by_email(set(wanted))

    def _placeholder(self, email: str, in_file: str) -> User:
        is_unknown = email == self._placeholder_of("")
        name = "Unknown annotator" if is_unknown else in_file.removesuffix(f"@{PLACEHOLDER_HOST}")
        names = self.users.names_of.get(in_file) or {"first_name": name}
        # No password and not active: nobody can sign in as a placeholder.
        return User(email=email, password=make_password(None), is_active=False, is_placeholder=True, **names)


def _ids_by_email(emails: set[str]) -> dict[str, int]:
    return dict(User.objects.filter(email__in=emails).values_list("email", "pk"))


def _placeholder_email(email: str) -> str:
    """For somebody known by e-mail alone: their own address stays free until they join."""
    if email.endswith(f"@{PLACEHOLDER_HOST}"):
        return email
    name = f"imported-{email.replace('@', '-at-')}"
    if len(name) > NAME_LENGTH:
        name = f"{name[: NAME_LENGTH - 9]}-{hashlib.sha256(email.encode()).hexdigest()[:8]}"
    return f"{name}@{PLACEHOLDER_HOST}"


def people_of(entry: TaskEntry) -> set[str]:
    """The keys of everybody who wrote, reviewed or undid something in this task."""
    keys = {annotation.author for annotation in entry.annotations}
    for annotation in entry.annotations:
        for verdict in annotation.review_state.verdicts:
            keys |= {verdict.reviewer, verdict.undone_by or verdict.reviewer}
    return keys
