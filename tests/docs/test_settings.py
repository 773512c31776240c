"""docs/reference/settings.md has every variable that is read, with its default, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devserver import documentation

from .pages import ROOT

PAGE = ROOT / "docs/reference/settings.md"
SETTINGS = ROOT / "reviewsite/settings.py"
# devserver reads more, for itself alone.
APPS = [app for layer in documentation.layers() for app in layer if app != "devserver"]
ENVIRON = re.compile(r"""\benviron(?:\.get\(|\[)\s*"(\w+)\"""")
OF_MAKE_RUN = {"DATA", "PORT"}
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}
WORDS = {True: "on", False: "off"}


def read_by_env() -> Iterator[tuple[str, ast.expr]]:
    """Each `env.kind("NAME", default=…)` of the settings file."""
    for node in ast.walk(ast.parse(SETTINGS.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=name), *_]):
                yield name, next(word.value for word in node.keywords if word.arg == "default")


def variables_read() -> set[str]:
    files: Iterator[Path] = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    found = {name for path in files for name in ENVIRON.findall(path.read_text())}
    return found | {name for name, _ in read_by_env()} - NOT_OURS


def rows() -> dict[str, str]:
    """Variable → its default, as the page has it. One default may be for all variables of a row."""
    found = {}
    for names, cell in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", PAGE.read_text(), re.MULTILINE):
        variables, defaults = re.findall(r"`([A-Z_]+)`", names), cell.split(", ")
        several = len(defaults) == len(variables)
        found |= dict(zip(variables, defaults if several else [cell] * len(variables), strict=True))
    return found


def shown(default: Any) -> str:
    return WORDS[default] if isinstance(default, bool) else str(default) or "empty"


def test_the_page_has_every_variable_and_no_other():
    assert rows().keys() == variables_read() | OF_MAKE_RUN


def test_the_page_has_the_defaults_of_the_code():
    """Those that the page gives as a value; some it describes."""
    page = {name: cell.strip("`") for name, cell in rows().items() if re.match(r"`|\d|(on|off|empty)$", cell)}
    literal = {name: node for name, node in read_by_env() if name in page.keys() - OF_MAKE_RUN}
    code = {name: shown(eval(ast.unparse(node), {})) for name, node in literal.items() if is_literal(node)}
    assert {name: page[name] for name in code} == code


def is_literal(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name | ast.Attribute | ast.Call) for part in ast.walk(node))
