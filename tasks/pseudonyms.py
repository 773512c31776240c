"""Pseudonyms: what a reviewer sees instead of people's names, in a project with `anonymize_annotations`.

Only the reader appears under their own name. Annotators, other reviewers and managers all have a pseudonym:
any of them may annotate, and one person under two names would reveal both. A pseudonym is the person's id,
encrypted under the SECRET_KEY and the project: the same everywhere in the project, different in another
one, and computed without a table or a query. Only the server can decrypt it, so the own-work rule and all
filters go on working with real ids. See docs/decisions/006.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Q

from users.models import User

from .roles import projects_hiding_people, reads_pseudonyms

# Above every real id, and still exact as a number in JavaScript.
FIRST = 2**40
HALF = 16  # bits: half of a person's id
ROUNDS = 10
NOBODY = 0
UNKNOWN_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=100_000)
def pseudonym_of(person_id: int, project_id: int) -> int:
    """The id that stands for this person in this project."""
    # A Feistel network is a permutation, so no two people share a pseudonym.
    left, right = divmod(person_id, 1 << HALF)
    for number in range(ROUNDS):
        left, right = right, left ^ _round(right, number, project_id)
    return FIRST + (left << HALF) + right


def id_behind(pseudonym: int, project_id: int) -> int:
    """The person's real id.

    NOBODY for what is no pseudonym; a pseudonym of another project decrypts to an arbitrary id.
    """
    if not is_pseudonym(pseudonym):
        return NOBODY
    left, right = divmod(pseudonym - FIRST, 1 << HALF)
    for number in reversed(range(ROUNDS)):
        left, right = right ^ _round(left, number, project_id), left
    return (left << HALF) + right


def is_pseudonym(pk: int) -> bool:
    return 0 <= pk - FIRST < 1 << 2 * HALF


def _round(half: int, number: int, project_id: int) -> int:
    message = f"tasks.pseudonyms {project_id} {number} {half}".encode()
    return int.from_bytes(hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)[: HALF // 8])


def pseudonym_user(pseudonym: int) -> User:
    """A user to show in place of the real one. Never to be saved."""
    label = f"{pseudonym - FIRST:08x}"
    email = f"annotator-{label}@anonymous.invalid"
    times = {"date_joined": UNKNOWN_TIME, "last_activity": UNKNOWN_TIME}
    return User(pk=pseudonym, email=email, first_name="Annotator", last_name=label.upper(), **times)


class Identities:
    """How a reader sees the people of a project: here, as they are. `Pseudonyms` masks them."""

    mask_people = False

    def mask_id(self, person_id: int) -> int:
        return person_id

    def unmask_id(self, sent: int) -> int:
        """The real id of the person the reader calls `sent`."""
        return sent

    def mask_user(self, user: User) -> User:
        return user

    def mask(self, person: Any) -> Any:
        """A person in a response body: an id, an object with an `id`, or null."""
        return person


@dataclass(frozen=True)
class Pseudonyms(Identities):
    """By pseudonym, except the reader."""

    project: int
    reader: int
    mask_people = True

    def mask_id(self, person_id: int) -> int:
        return person_id if person_id == self.reader else pseudonym_of(person_id, self.project)

    def unmask_id(self, sent: int) -> int:
        # A real id finds nobody: otherwise trying ids would reveal which of them are people here.
        return sent if sent == self.reader else id_behind(sent, self.project)

    def mask_user(self, user: User) -> User:
        return user if user.pk == self.reader else pseudonym_user(pseudonym_of(user.pk, self.project))

    def mask(self, person: Any) -> Any:
        if not isinstance(person, dict):
            return person and self.mask_id(person)
        if person["id"] == self.reader:
            return person
        shown = pseudonym_user(pseudonym_of(person["id"], self.project))
        return {name: getattr(shown, name, None) for name in person}


REAL_IDENTITIES = Identities()


def identities_in(project_id: int, reader: User) -> Identities:
    return Pseudonyms(project_id, reader.pk) if reads_pseudonyms(reader, project_id) else REAL_IDENTITIES


def rows_of_person(path: str, sent: int, reader: User, *, project: str = "project") -> Q:
    """Rows whose `path` is the person the reader calls `sent`.

    That may be a pseudonym of any project that has them.
    """
    hiding = projects_hiding_people(reader)
    named = Q(**{path: sent})
    if not hiding or sent == reader.pk:
        return named
    rows = named & ~Q(**{f"{project}_id__in": hiding})
    for one in hiding if is_pseudonym(sent) else ():
        rows |= Q(**{f"{project}_id": one, path: id_behind(sent, one)})
    return rows
