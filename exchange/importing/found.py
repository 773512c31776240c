"""What the readers of the formats find in a file."""

from typing import Any, NamedTuple


class Found(NamedTuple):
    """A task. `flaw` is a path below it and a sentence: then it could not be read, and `raw` is nothing."""

    path: str
    raw: Any
    line: int | None = None
    flaw: tuple[str, str] | None = None
    is_blank: bool = False  # a line without a task


class Item(NamedTuple):
    """One task as it is in its file."""

    number: int  # within the import, from 1; 0: this is no task
    path: str  # within its file: `[3]`, counted from 0
    raw: Any
    file: str = ""  # its name, if there are several
    line: int | None = None  # from 1, in files that have a task on each line
    upload: int | None = None  # the id of the file, if it is kept


def beside_tasks(file: str = "") -> Item:
    """Where something stands that belongs to no task."""
    return Item(0, "", None, file)
