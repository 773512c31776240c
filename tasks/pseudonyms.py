"""What a reviewer reads instead of people's names, in a project with `anonymize_annotations`.

Nobody but the reader is named there: not annotators, nor other reviewers and managers, for they may annotate too, and two
names for one person would give both away. A pseudonym is the person's id, enciphered under the SECRET_KEY and the project:
the same on every path, without a table and without a query, another one in another project. It can be read back by the
server alone, so the own-work rule and every filter go on asking the real ids.
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

# Above every id of a person, and still exact in JavaScript.
FIRST = 2**40
HALF = 16  # bits: ids of people have twice as many
ROUNDS = 10
NOBODY = 0
UNKNOWN_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=100_000)
def pseudonym_of(person_id: int, project_id: int) -> int:
    """The id that stands for this person in this project. A Feistel network: a permutation, so no two people share one."""
    left, right = divmod(person_id, 1 << HALF)
    for number in range(ROUNDS):
        left, right = right, left ^ _mixed(right, number, project_id)
    return FIRST + (left << HALF) + right


def person_behind(pseudonym: int, project_id: int) -> int:
    """The other way round. What is no pseudonym of the project is, as good as ever, nobody's id."""
    if not is_pseudonym(pseudonym):
        return NOBODY
    left, right = divmod(pseudonym - FIRST, 1 << HALF)
    for number in reversed(range(ROUNDS)):
        left, right = right ^ _mixed(left, number, project_id), left
    return (left << HALF) + right


def is_pseudonym(pk: int) -> bool:
    return 0 <= pk - FIRST < 1 << 2 * HALF


def _mixed(half: int, number: int, project_id: int) -> int:
    said = f"tasks.pseudonyms {project_id} {number} {half}".encode()
    return int.from_bytes(hmac.digest(settings.SECRET_KEY.encode(), said, hashlib.sha256)[: HALF // 8])


def face_of(pseudonym: int) -> User:
    """Somebody to show, never to save."""
    label = f"{pseudonym - FIRST:08x}"
    email = f"annotator-{label}@anonymous.invalid"
    times = {"date_joined": UNKNOWN_TIME, "last_activity": UNKNOWN_TIME}
    return User(pk=pseudonym, email=email, first_name="Annotator", last_name=label.upper(), **times)


class Faces:
    """How somebody sees the people of a project: by their names."""

    hides = False

    def id(self, person: int) -> int:
        return person

    def real(self, sent: int) -> int:
        """The id of whom the reader calls `sent`."""
        return sent

    def person(self, user: User) -> User:
        return user

    def said(self, person: Any) -> Any:
        """A person within a body: an id, an object, or null."""
        return person


@dataclass(frozen=True)
class Pseudonyms(Faces):
    """By their pseudonyms, the reader alone by name."""

    project: int
    reader: int
    hides = True

    def id(self, person: int) -> int:
        return person if person == self.reader else pseudonym_of(person, self.project)

    def real(self, sent: int) -> int:
        """A real id is nobody's here: whether it is right must not show."""
        return sent if sent == self.reader else person_behind(sent, self.project)

    def person(self, user: User) -> User:
        return user if user.pk == self.reader else face_of(pseudonym_of(user.pk, self.project))

    def said(self, person: Any) -> Any:
        if not isinstance(person, dict):
            return person and self.id(person)
        if person["id"] == self.reader:
            return person
        face = face_of(pseudonym_of(person["id"], self.project))
        return {name: getattr(face, name, None) for name in person}


NAMES = Faces()


def faces_in(project_id: int, reader: User) -> Faces:
    return Pseudonyms(project_id, reader.pk) if reads_pseudonyms(reader, project_id) else NAMES


def rows_of(path: str, sent: int, reader: User, *, project: str = "project") -> Q:
    """The rows whose `path` is the person whom `reader` calls `sent`, be it in one project or in all of them."""
    hiding = projects_hiding_people(reader)
    named = Q(**{path: sent})
    if not hiding or sent == reader.pk:
        return named
    rows = named & ~Q(**{f"{project}_id__in": hiding})
    for one in hiding if is_pseudonym(sent) else ():
        rows |= Q(**{f"{project}_id": one, path: person_behind(sent, one)})
    return rows
