"""docs/reference/limits.md has the numbers of the code."""

import importlib
import re
from typing import Any

import pytest
from django.conf import settings

from .pages import ROOT

PAGE = ROOT / "docs/reference/limits.md"
ROW = re.compile(r"^\| [^|]+ \| ([\d,]+)[^|]* \| `([\w/.]+)::(\w+)` \|", re.MULTILINE)
ROWS = [(path, name, number) for number, path, name in ROW.findall(PAGE.read_text())]
# In these files every MAX_… is a limit of the kind that the page lists.
WHOLE_FILES = [
    "tasks/results.py",
    "tasks/labelconfig.py",
    "tasks/result_problems.py",
    "reviews/task_table/values.py",
    "tasks/diff/overlap.py",
]


def module(path: str) -> Any:
    return (
        settings
        if path == "reviewsite/settings.py"
        else importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    )


@pytest.mark.parametrize(("path", "name", "number"), ROWS, ids=[row[1] for row in ROWS])
def test_the_page_has_the_number_of_the_code(path, name, number):
    assert int(number.replace(",", "")) == getattr(module(path), name)


@pytest.mark.parametrize("path", WHOLE_FILES)
def test_the_page_has_every_limit_of(path):
    limits = {name for name in vars(module(path)) if name.startswith("MAX_")}

    assert limits <= {name for of, name, _ in ROWS if of == path}


def test_every_row_names_a_constant():
    rows = re.findall(r"^\| (?!what|---)", PAGE.read_text(), re.MULTILINE)

    assert len(rows) == len(ROWS) > 0
