"""Reading a pickle runs whatever code it names. Nothing here reads or writes one."""

import ast
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

# `allow_pickle` has the first of them in its name.
MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def allows_pickle(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.keyword)
        and node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
        for node in ast.walk(tree)
    )


def sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    return [settings.BASE_DIR / name for name in listed.stdout.split()]


def test_no_file_of_the_project_uses_pickle():
    found = []
    for path in sources():
        text = path.read_text() if path.exists() else ""
        if any(name in text for name in MODULES):  # parsing all files takes seconds
            tree = ast.parse(text)
            if imported(tree) & MODULES or allows_pickle(tree):
                found.append(str(path))
    assert found == []


@pytest.mark.parametrize(
    "source", ["import pickle", "from joblib import load", "np.load(f, allow_pickle=True)"]
)
def test_pickles_are_seen(source):
    tree = ast.parse(source)
    assert imported(tree) & MODULES or allows_pickle(tree)
