"""What lines of the log are about: ids of the request, the job, the person. Jobs have their request's."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=NOTHING)


def about() -> Mapping[str, str]:
    return _about.get()


@contextmanager
def logged_with(**known: object) -> Iterator[None]:
    """Every line that is logged within says this, too. An empty value says nothing."""
    added = {name: str(value) for name, value in known.items() if value not in (None, "")}
    token = _about.set({**_about.get(), **added})
    try:
        yield
    finally:
        _about.reset(token)


class AddContext(logging.Filter):
    """Gives a record what it is about: `record.about`, and each of it under its name."""

    def filter(self, record: logging.LogRecord) -> bool:
        known = about()
        record.about = "".join(f" {name}={value}" for name, value in known.items())
        for name, value in known.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True
