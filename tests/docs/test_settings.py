"""docs/reference/settings.md has every variable that is read, and no other."""

import re

from devserver import documentation

from .pages import ROOT

PAGE = ROOT / "docs/reference/settings.md"
# devserver reads more, for itself alone.
APPS = [app for layer in documentation.layers() for app in layer if app != "devserver"]
READ = re.compile(r"""\benv\.\w+\(\s*"(\w+)"|environ(?:\.get\(|\[)\s*"(\w+)\"""")
OF_MAKE_RUN = {"DATA", "PORT"}
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}


def variables_read() -> set[str]:
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            found |= {first or second for first, second in READ.findall(path.read_text())}
    return found - NOT_OURS


def variables_on_the_page() -> set[str]:
    rows = re.findall(r"^\| (`[^|]+) \|", PAGE.read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_the_page_has_every_variable_and_no_other():
    assert variables_on_the_page() == variables_read() | OF_MAKE_RUN
