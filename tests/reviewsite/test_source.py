"""What must not be written anywhere, because each time it looked harmless and was not."""

import ast
import re
from collections.abc import Iterator

import pytest

from .test_layers import DIRECTION, sources


def raised_constants(tree: ast.AST) -> Iterator[int]:
    """Lines that raise an exception made once: with every raise its traceback grows, and what that holds."""
    for node in ast.walk(tree):
        raised = node.exc if isinstance(node, ast.Raise) else None
        name = raised.id if isinstance(raised, ast.Name) else getattr(raised, "attr", "")
        if name.isupper():
            yield node.lineno


@pytest.mark.parametrize("app", DIRECTION)
def test_every_raise_makes_its_exception(app):
    assert [f"{path}:{line}" for path, tree in sources(app) for line in raised_constants(tree)] == []


def test_raised_constants_are_seen():
    source = "raise ENDED\nraise errors.ENDED\nraise ENDED()\nraise ended()\nraise Http404\nraise"
    assert list(raised_constants(ast.parse(source))) == [1, 2]


def test_rows_are_streamed_within_a_transaction():
    """Behind pgbouncer another connection would be asked for the rest: use tasks.sql.streamed."""
    streaming = {
        str(path)
        for app in DIRECTION
        for path, tree in sources(app)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "iterator"
    }

    assert [path for path in streaming if not path.endswith("tasks/sql.py")] == []


SESSION_LOCK = re.compile(r"pg_(?:try_)?advisory_(?:lock|unlock)|\bLISTEN \w")


@pytest.mark.parametrize("app", DIRECTION)
def test_no_lock_outlives_its_transaction(app):
    """Behind pgbouncer the next statement may have another session."""
    strings = [
        (path, node.lineno, node.value)
        for path, tree in sources(app)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [f"{path}:{line}" for path, line, text in strings if SESSION_LOCK.search(text)] == []
