"""Sentences for people, in the language of who reads them.

    from users.sentences import sentence as _

    raise Refused("too_many", _("At most %(most)s tasks at once.", most=MANY), field="tasks")

A sentence becomes text when it is written into an answer, not when it is made. Outside of a request it is
English. The Chinese is in locale/; `make messages` says what is missing. Why not gettext_lazy:
docs/decisions/064-error-sentences-in-the-readers-language.md
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.utils import translation
from django.utils.functional import Promise, lazy

ENGLISH = "en"
# Of its own: pages whose texts are English still show what is refused in the language of the reader.
_reader: ContextVar[str] = ContextVar("reader", default=ENGLISH)


def _text(english: str, /, **values: Any) -> str:
    text, language = english, _reader.get()
    if language != ENGLISH and language == translation.get_language():  # in the API; twice as fast
        text = translation.gettext(english)
    elif language != ENGLISH:
        with in_language_of_reader():
            text = translation.gettext(english)
    return text % values if values else text


_lazy_text = lazy(_text, str)
PLAIN = (str, int, float, list, dict, Promise, type(None))


def sentence(english: str, /, **values: Any) -> str:
    """`english` names its values: %(name)s. Without values it is taken as it is, percent signs too."""
    return _lazy_text(english, **{name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    """Not the error itself: it would hold everything that was on the stack."""
    if isinstance(value, BaseException):
        return value.args[0] if len(value.args) == 1 and isinstance(value.args[0], Promise) else str(value)
    return value if isinstance(value, PLAIN) else str(value)


def in_language_of_reader() -> translation.override:
    return translation.override(_reader.get())


@contextmanager
def read_in(language: str) -> Iterator[None]:
    """Whoever reads what is answered in this block reads this language."""
    token = _reader.set(language)
    try:
        yield
    finally:
        _reader.reset(token)


def in_english(text: Any) -> str:
    """For what outlives the request and has no reader of its own. The `default` of an encoder."""
    if not isinstance(text, Promise):
        raise TypeError(f"{type(text).__name__} is not JSON")
    with read_in(ENGLISH):
        return str(text)


# --- stored, so that every later reader gets it in their own language ---------------------------------


class SentenceEncoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        if not isinstance(o, Promise):
            return super().default(o)
        function, arguments, values = o.__reduce__()[1][:3]  # type: ignore[index,misc]
        return {"$sentence": arguments[0], "values": values} if function is _text else str(o)


class SentenceDecoder(json.JSONDecoder):
    def __init__(self, **options: Any):
        super().__init__(object_hook=_read_sentence, **options)


def _read_sentence(found: dict[str, Any]) -> Any:
    if found.keys() != {"$sentence", "values"}:
        return found
    return sentence(found["$sentence"], **found["values"])
