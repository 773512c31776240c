"""Queries of hot paths whose SQL is built once: for one row, Django takes longer to build it than the
database to run it."""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from users.models import User

from .roles import memberships_of
from .sql import run

Row = TypeVar("Row", bound=Model)
ANY_KEY = 2**62 - 1  # stands for the primary key in the parameters


class CompiledGet(Generic[Row]):
    """`queryset.filter(pk=pk).first()` for any `pk`, with select_related, annotations, only() and
    select_for_update().

    The rest of the queryset is fixed, its parameters too. It must not prefetch.
    """

    def __init__(self, queryset: QuerySet[Row]) -> None:
        compiler = queryset.filter(pk=ANY_KEY).order_by().query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql: str = ""
        try:
            self._sql, parameters = compiler.as_sql()
        except EmptyResultSet:  # no row can match
            return
        self._parameters = list(parameters)
        self._model = compiler.klass_info["model"]
        columns = compiler.klass_info["select_fields"]
        self._columns = slice(columns[0], columns[-1] + 1)
        self._names = [column.target.attname for column, *_ in compiler.select[self._columns]]
        self._related = get_related_populators(  # type: ignore[call-arg]  # of a later Django
            compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
        )
        self._annotations = compiler.annotation_col_map
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def get(self, pk: int) -> Row | None:
        if not self._sql:
            return None
        rows = run(self._sql, [pk if value == ANY_KEY else value for value in self._parameters])
        return self._instance(list(rows[0])) if rows else None

    def _instance(self, values: list[Any]) -> Row:
        for position, (converters, expression) in self._converters.items():
            for convert in converters:
                values[position] = convert(values[position], expression, connection)
        row = self._model.from_db(DEFAULT_DB_ALIAS, self._names, values[self._columns])
        for related in self._related:
            related.populate(values, row)
        for name, position in self._annotations.items():
            setattr(row, name, values[position])
        return row


def compiled_for_reader(build: Callable[[User], QuerySet[Row]], reader: User) -> CompiledGet[Row]:
    """`build(reader)` compiled, and kept for readers with the same rights."""
    memberships = tuple(sorted(memberships_of(reader).items()))
    return _compiled(build, _Rights(reader, (reader.pk, reader.is_active, reader.role_on_site, memberships)))


class _Rights:
    """A reader, equal to themselves while everything that visible_to() asks of them is the same."""

    def __init__(self, reader: User, key: Hashable) -> None:
        self.reader, self.key = reader, key

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rights) and self.key == other.key


@lru_cache(maxsize=500)
def _compiled(build: Callable[[User], QuerySet[Row]], rights: _Rights) -> CompiledGet[Row]:
    return CompiledGet(build(rights.reader))
