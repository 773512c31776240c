"""Finds whose work it is: by e-mail or by the users map, never by an id that happens to exist here, too."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction

from tasks.models import Project
from users.models import User
from users.sentences import sentence as _

from .entries import TaskEntry
from .fields import InvalidField, as_email, as_object, as_text, described, read
from .problems import invalid_import

PLACEHOLDER_HOST = "placeholder.invalid"
NAME_LENGTH = 64  # of what comes before the @
UNKNOWN = re.compile(r"unknown-annotator-\d+")
OF_PROJECT = re.compile(r"-project-\d+$")
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
            raise InvalidField(
                path,
                _("must have a number of the file as its id, not %(described)s", described=described(number)),
            )
        if isinstance(user, str):
            user = {"email": user}
        email = as_email(as_object(user, path).get("email"), f"{path}.email")
        self.email_of[f"#{number}"] = email
        self.names_of[email] = {
            name: read(user, name, as_text, f"{path}.", "")[:150] for name in ("first_name", "last_name")
        }


class People:
    """The user ids of the people in a file. People unknown here become inactive placeholders of the project.

    New placeholders are staged: nobody sees them before the import is complete.
    """

    def __init__(self, project: Project, users: UsersMap, *, staged: list[int] | None = None):
        self.project = project
        self.users = users
        self.staged = staged if staged is not None else []  # ids; it is added to
        self.ids: dict[str, int] = {}
        self.created: list[str] = []

    def __getitem__(self, key: str) -> int:
        return self.ids[key]

    def resolve(self, keys: Iterable[str]) -> None:
        """Look up everybody of `keys` (see fields.as_person), or create a placeholder."""
        emails, known, wanted = self._look_up(set(keys) - self.ids.keys())
        if not emails:
            return
        known |= self._create(wanted)
        found = {key: known[email] for key, email in emails.items()}
        self.ids |= found
        self.staged += _kept(found.values()) - set(self.staged)

    def find(self, keys: Iterable[str]) -> None:
        """Look up those of `keys` who are here. Nobody is created."""
        emails, known, _ = self._look_up(set(keys) - self.ids.keys())
        self.ids |= {key: known[email] for key, email in emails.items() if email in known}

    def missing(self, keys: Iterable[str]) -> list[str]:
        """The addresses of the placeholders that `resolve` would create."""
        return list(self._look_up(set(keys))[2])

    def _look_up(self, keys: set[str]) -> tuple[dict[str, str], dict[str, int], dict[str, str]]:
        """Key → address here; address → id of those who exist; address → name in the file of the others."""
        named = {key: self.users.email_of.get(key, key) for key in keys}
        # A placeholder's address stands for nobody outside its project, so it is never looked up as it is.
        known = _ids_by_email({name for name in named.values() if not _is_placeholder(name)})
        emails = {
            key: name if name in known else self._placeholder_email(name) for key, name in named.items()
        }
        known |= _ids_by_email(set(emails.values()) - known.keys())
        return emails, known, {emails[key]: name for key, name in named.items() if emails[key] not in known}

    def _placeholder_email(self, name: str) -> str:
        """An address of this project: user 4 of another project's file is somebody else."""
        if not (base := _base_of(name)):
            return f"unknown-annotator-{self.project.pk}@{PLACEHOLDER_HOST}"
        suffix = f"-project-{self.project.pk}"
        longest = NAME_LENGTH - len("imported-") - len(suffix)
        if len(base) > longest:
            base = f"{base[: longest - 9]}-{hashlib.sha256(base.encode()).hexdigest()[:8]}"
        return f"imported-{base}{suffix}@{PLACEHOLDER_HOST}"

    def _create(self, wanted: dict[str, str]) -> dict[str, int]:
        """Ids of new placeholders, from {placeholder's e-mail: name in the file}."""
        people = [self._placeholder(email, name) for email, name in wanted.items()]
        # Conflicts are ignored because another import may be creating the same people.
        User.objects.bulk_create(people, batch_size=BATCH, ignore_conflicts=True)
        self.created += wanted
        return _ids_by_email(set(wanted))

    def _placeholder(self, email: str, name: str) -> User:
        names = self.users.names_of.get(name) or {"first_name": _base_of(name)[:150] or "Unknown annotator"}
        # No password and not active: nobody can sign in as a placeholder.
        return User(
            email=email,
            password=make_password(None),
            is_active=False,
            is_placeholder=True,
            is_staged=True,
            placeholder_for="" if _is_placeholder(name) else name,
            **names,
        )


def _is_placeholder(name: str) -> bool:
    """Somebody of whom no file says an address of their own: a number, nobody, or another placeholder."""
    return "@" not in name or name.endswith(f"@{PLACEHOLDER_HOST}")


def _base_of(name: str) -> str:
    """What the address of a placeholder is made of. Empty for the unknown annotator."""
    if not name.endswith(f"@{PLACEHOLDER_HOST}"):
        return name.removeprefix("#").replace("@", "-at-")
    local = name.removesuffix(f"@{PLACEHOLDER_HOST}")
    return "" if UNKNOWN.fullmatch(local) else OF_PROJECT.sub("", local).removeprefix("imported-")


def _ids_by_email(emails: set[str]) -> dict[str, int]:
    return dict(User.objects.filter(email__in=emails).values_list("email", "pk"))


def _kept(ids: Iterable[int]) -> set[int]:
    """Those of them that are staged. Until the transaction ends nobody deletes any of these people, as an
    import that is stopped may want to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, is_staged FROM users_user WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(ids)]
        )
        return {pk for pk, is_staged in cursor.fetchall() if is_staged}


def discard_staged(emails: Sequence[str]) -> None:
    """Delete the placeholders that an import made and then did not use. Those in use by another one stay."""
    for email in emails:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("DELETE FROM users_user WHERE email = %s AND is_staged", [email])
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # who refers to them?
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        except IntegrityError:
            continue


def people_of(entry: TaskEntry) -> set[str]:
    """The keys of everybody who wrote, reviewed, undid or said something in this task."""
    keys = {annotation.author for annotation in entry.annotations}
    keys |= {draft.author for draft in entry.drafts}
    for annotation in entry.annotations:
        keys |= {comment.author for comment in annotation.comments}
        for verdict in annotation.review_state.verdicts:
            keys |= {verdict.reviewer, verdict.undone_by or verdict.reviewer}
    return keys
