"""Nothing that a reader of a clone meets points at a page that a clone does not have."""

import re
from functools import cache
from pathlib import Path

import pytest

from .pages import ROOT, anchors, named

KINDS = {".py", ".md", ".html", ".js", ".css", ".txt", ".toml", ".yml", ".xml", ".mjs", ".json", ".sh", ""}
LEFT_OUT = {"frontend", "staticfiles", "node_modules", "__pycache__", "bench_results"}
# Pages the product was planned with. Write what they say instead, or link to docs/reference/rules.md.
ABSENT = re.compile(
    r"§|\bthe brief\b|\bbrief's\b|\bthe contract\b|\bthe design (?:page|says|gives)\b|\bof the design\b"
    r"|\b(?:design|reliability|anchors|house-style)\.md\b|\bcontract/|\bfindings/|\.\./shared\b",
    re.IGNORECASE,
)
PRESENT = re.compile(r"RFC \d+ §")
IN_DOCS = re.compile(r"\b(docs/[\w/-]+\.md)(?:#([\w-]+))?")


@cache
def texts() -> list[Path]:
    """What is ours of the repository: not what git ignores, nor this file, which has to name them."""
    top = [path for path in ROOT.iterdir() if path.name[0] != "." and path.name not in LEFT_OUT]
    inside = (path for folder in top if folder.is_dir() for path in folder.rglob("*"))
    return sorted(path for path in [*top, *inside] if path.is_file() and _is_text_of_ours(path))


def _is_text_of_ours(path: Path) -> bool:
    return (
        path.suffix in KINDS
        and path.name != Path(__file__).name
        and not LEFT_OUT & set(path.relative_to(ROOT).parts)
    )


def absent_in(text: str) -> list[str]:
    return ABSENT.findall(PRESENT.sub("", text))


def test_no_file_refers_to_a_page_that_is_not_here():
    found = [
        f"{named(path)}:{number} {line.strip()[:100]}"
        for path in texts()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if absent_in(line)
    ]
    assert found == []


def test_pages_that_code_names_are_here():
    found = []
    for path in texts():
        for page, anchor in IN_DOCS.findall(path.read_text(errors="replace")):
            if not (ROOT / page).exists() or (anchor and anchor not in anchors(ROOT / page)):
                found.append(f"{named(path)}: {page}#{anchor}")
    assert found == []


@pytest.mark.parametrize(
    "line", ["rules §8", "contract §4", "# the brief's key", "see reliability.md", "contract/editor.md"]
)
def test_what_is_absent_is_seen(line: str):
    assert absent_in(line)


@pytest.mark.parametrize(
    "line",
    ["docs/reference/rules.md#5-own-work", "Byte ranges (RFC 9110 §14)", "a brief pause", "the designer"],
)
def test_what_is_here_is_no_finding(line: str):
    assert not absent_in(line)
