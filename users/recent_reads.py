"""What every request asks the database for, kept by this process for a few seconds: tokens with their
users, and roles. Saving and deleting a row drops them; `QuerySet.update` and `delete` send no signal, so call
`drop()` beside them.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from django.db import connection, transaction

if TYPE_CHECKING:
    from .models import ApiToken

Value = TypeVar("Value")
SECONDS = 3.0  # how long another process may still accept a token that was revoked here
MAXIMUM = 10_000  # values; above that all are dropped


class RecentReads(Generic[Value]):
    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[float, Value]] = {}

    def get(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """The value of `key`, at most SECONDS old. Threads share it: copy it before you change it."""
        if self._is_being_written():
            return read()
        values = self._values
        if (found := values.get(key)) and found[0] > monotonic():
            return found[1]
        value = read()
        if connection.in_atomic_block:
            return value  # perhaps of a snapshot that is older than the last commit
        if len(values) >= MAXIMUM:
            values.clear()
        # Into the dictionary of before the read: after a clear() in the meantime nobody looks there.
        values[key] = (monotonic() + SECONDS, value)
        return value

    def read_again(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """The value as it is now."""
        self._values.pop(key, None)
        return self.get(key, read)

    def _is_being_written(self) -> bool:
        """By this transaction, whose changes only its own reads may see."""
        return any(call == self.clear for _, call, _ in connection.run_on_commit)

    def drop(self) -> None:
        """To be called by whatever writes to these tables: this process reads them again once it is
        committed.
        """
        transaction.on_commit(self.clear)

    def clear(self) -> None:
        self._values = {}


TOKENS: RecentReads["ApiToken"] = RecentReads()
# User id → project id → role code, and whether the project's reviewers see pseudonyms.
ROLES: RecentReads[dict[int, tuple[str, bool]]] = RecentReads()
