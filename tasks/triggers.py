"""Database triggers, declared beside the models they guard: `triggers = (append_only("undone_at"),)` in the
model's class.

A migration installs those of one app with `operations = triggers.operations("reviews")`; it replaces what
is there, so a migration that changes a declaration has the same line. `differences` compares the database
with the declarations. Why not django-pgtrigger: docs/decisions/012.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from django.apps import apps
from django.db import connection
from django.db.migrations import RunSQL
from django.db.models import Model


@dataclass(frozen=True)
class Function:
    """A plpgsql function. `body` goes between the dollar quotes."""

    signature: str
    returns: str
    body: str
    attributes: str = ""

    @property
    def create(self) -> str:
        return (
            f"CREATE OR REPLACE FUNCTION {self.signature} RETURNS {self.returns} LANGUAGE plpgsql "
            f"{self.attributes} AS $${self.body}$$;"
        )


@dataclass(frozen=True)
class Trigger:
    """Fields are named as the model names them; the columns are looked up.

    `on` is the model of the table, where that is not the model that declares the trigger. `calls` are the
    functions that `function` calls. `new_rows`: it fires once for a statement, and finds its new rows under
    this name.
    """

    name: str
    when: str
    function: Function
    fields: tuple[str, ...] = ()
    argument: tuple[str, ...] | None = None
    condition: str = ""
    deferred: bool = False
    new_rows: str = ""
    on: type[Model] | None = None
    calls: tuple[Function, ...] = ()

    def create(self, model: type[Model]) -> str:
        columns = f" OF {', '.join(_columns(model, self.fields))}" if self.fields else ""
        argument = "" if self.argument is None else f"'{{{','.join(_columns(model, self.argument))}}}'"
        call = f"{self.function.signature.partition('(')[0]}({argument})"
        kind, timing = (
            ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED") if self.deferred else ("TRIGGER", "")
        )
        each = (
            f"REFERENCING NEW TABLE AS {self.new_rows} FOR EACH STATEMENT"
            if self.new_rows
            else "FOR EACH ROW"
        )
        condition = f"WHEN ({self.condition})" if self.condition else ""
        return (
            f"CREATE {kind} {self.name} {self.when}{columns} ON {model._meta.db_table} {timing} "
            f"{each} {condition} EXECUTE FUNCTION {call};"
        )

    def install(self, model: type[Model]) -> str:
        functions = [function.create for function in (*self.calls, self.function)]
        where = f"{self.name} ON {model._meta.db_table}"
        mark = f"COMMENT ON TRIGGER {where} IS '{self.fingerprint(model)}';"
        return "\n".join([*functions, self.remove(model), self.create(model), mark])

    def remove(self, model: type[Model]) -> str:
        """Its functions stay: other triggers may use them."""
        return f"DROP TRIGGER IF EXISTS {self.name} ON {model._meta.db_table};"

    def fingerprint(self, model: type[Model]) -> str:
        """Kept as the trigger's comment, to see whether the database has it as it is declared now."""
        text = "\n".join(
            [*(function.create for function in (*self.calls, self.function)), self.create(model)]
        )
        return sha256(text.encode()).hexdigest()[:16]


def _columns(model: type[Model], fields: tuple[str, ...]) -> list[str]:
    return [cast(Any, model._meta.get_field(name)).column for name in fields]


def declared(app_label: str | None = None) -> Iterator[tuple[type[Model], Trigger]]:
    """(the model of the table, the trigger), of one app or of all."""
    for model in apps.get_app_config(app_label).get_models() if app_label else apps.get_models():
        for trigger in getattr(model, "triggers", ()):
            yield trigger.on or model, trigger


def operations(app_label: str) -> list[RunSQL]:
    return [RunSQL(trigger.install(model), trigger.remove(model)) for model, trigger in declared(app_label)]


def install() -> None:
    """All that is declared, in place of what is there."""
    with connection.cursor() as cursor:
        for model, trigger in declared():
            cursor.execute(trigger.install(model))


INSTALLED = """
    SELECT c.relname, t.tgname, coalesce(obj_description(t.oid, 'pg_trigger'), ''), t.tgenabled
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
"""


def differences() -> list[str]:
    """A sentence for each trigger that the database does not have as it is declared. Empty: all is well."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED)
        installed = {(table, name): (mark, enabled) for table, name, mark, enabled in cursor.fetchall()}
    found = []
    for model, trigger in declared():
        where = (model._meta.db_table, trigger.name)
        mark, enabled = installed.pop(where, (None, "O"))
        if mark is None:
            found.append("trigger {1} of {0} is missing".format(*where))
        elif mark != trigger.fingerprint(model):
            found.append("trigger {1} of {0} is not as declared".format(*where))
        elif enabled == "D":
            found.append("trigger {1} of {0} is disabled".format(*where))
    return found + ["trigger {1} of {0} is not declared".format(*where) for where in installed]


APPEND_ONLY = Function(
    "countersign_append_only()",
    returns="trigger",
    body="""
DECLARE
    set_once text[] := coalesce(TG_ARGV[0], '{}')::text[];
    before jsonb; after jsonb; name text;
BEGIN
    IF current_setting('countersign.purge', true) = 'on' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD); after := to_jsonb(NEW);
        FOREACH name IN ARRAY set_once LOOP
            IF before -> name = 'null'::jsonb OR before -> name = after -> name THEN
                before := before - name; after := after - name;
            END IF;
        END LOOP;
        IF before = after THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: a row may not be changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'append_only';
END
""",
)


def append_only(*set_once: str) -> Trigger:
    """No row is changed or deleted, but each field of `set_once` may be set once, from NULL.

    Rows pass while `SET LOCAL countersign.purge = 'on'`, which only `purge` sets.
    TRUNCATE has no trigger: the tests need it.
    """
    return Trigger("append_only", "BEFORE UPDATE OR DELETE", APPEND_ONLY, argument=set_once)
