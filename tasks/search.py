"""Search in the texts of tasks and comments, by words and parts of words, in every language.

PostgreSQL finds whole words, and beginnings of words. Scripts that put no spaces between words are indexed
character by character, and searched as a phrase of characters: any part of a sentence is found.
See docs/decisions/062.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import F, Func, Q

from .triggers import Function, Trigger

# Thai to Khmer, and what is written in China, Japan and Korea, without its punctuation.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff"
UNSPACED += "\U00020000-\U0003ffff"
PIECES = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}\\s]+")
INDEXED = 200_000  # characters of one text
MAX_SEARCH = 200  # characters of a search

# Complete in itself: an index calls it while a dump is restored, when nothing else is in the search path.
WORDS_OF_TEXT = Function(
    "countersign_words(body text)",
    returns="tsvector",
    attributes="IMMUTABLE STRICT PARALLEL SAFE",
    body=f"""
BEGIN
    RETURN to_tsvector(
        'pg_catalog.simple'::regconfig,
        regexp_replace(left(body, {INDEXED}), '([{UNSPACED}])', ' \\1 ', 'g')
    );
END
""",
)
# Texts, and numbers at the top (not those of a time series), but no keys, nor what is embedded as `data:`.
WORDS_OF_DATA = Function(
    "countersign_data_words(data jsonb)",
    returns="tsvector",
    attributes="IMMUTABLE PARALLEL SAFE",
    body="""
BEGIN
    RETURN countersign_words(coalesce((
        SELECT string_agg(value #>> '{}', ' ') FROM (
            SELECT jsonb_path_query(data, 'strict $.** ? (@.type() == "string" && !(@ starts with "data:"))')
            UNION ALL SELECT jsonb_path_query(data, 'strict $.* ? (@.type() == "number")', silent => true)
        ) AS found (value)
    ), ''));
END
""",
)
INDEX_NEW = Function(
    "countersign_index_tasks()",
    returns="trigger",
    body="""
BEGIN
    INSERT INTO tasks_tasktext (task_id, words) SELECT id, countersign_data_words(data) FROM fresh;
    RETURN NULL;
END
""",
)
INDEX_CHANGED = Function(
    "countersign_index_task()",
    returns="trigger",
    body="""
BEGIN
    UPDATE tasks_tasktext SET words = countersign_data_words(NEW.data) WHERE task_id = NEW.id;
    RETURN NULL;
END
""",
)
CALLS = (WORDS_OF_TEXT, WORDS_OF_DATA)


def triggers() -> tuple[Trigger, ...]:
    """Of the model of tasks: whatever writes tasks, their texts are indexed."""
    return (
        Trigger("index_new_tasks", "AFTER INSERT", INDEX_NEW, new_rows="fresh", calls=CALLS),
        Trigger(
            "index_changed_task",
            "AFTER UPDATE",
            INDEX_CHANGED,
            fields=("data",),
            condition="OLD.data IS DISTINCT FROM NEW.data",
            calls=CALLS,
        ),
    )


def words_of(field: str) -> Func:
    return Func(F(field), function="countersign_words", output_field=SearchVectorField())


def query_for(text: str) -> SearchQuery:
    """Every word of `text`, the words by their beginnings."""
    pieces = [_phrase(piece) for piece in PIECES.findall(text)]
    return SearchQuery(" & ".join(pieces), config="simple", search_type="raw")


def _phrase(piece: str) -> str:
    if re.match(f"[{UNSPACED}]", piece):
        return "(" + " <-> ".join(_quoted(character) for character in piece) + ")"
    return _quoted(piece) + ":*"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def task_named(text: str, projects: Sequence[int] | None) -> Q:
    """The tasks whose id is `text`. In `projects` also by number, external or unique id, whose indexes begin
    with the project."""
    pk = id_in(text)
    named = Q(pk=pk) if pk is not None else Q(pk__in=[])
    if projects is None:
        return named
    within = Q(external_id=text.strip())
    if pk is not None:
        within |= Q(inner_id=pk)
    with suppress(ValueError):
        within |= Q(unique_id=UUID(text.strip()))
    return named | (within & Q(project__in=projects))


def id_in(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
