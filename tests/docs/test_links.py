"""Every link, path and name in the pages leads somewhere."""

import re
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, anchors, links, named, names_in, slug

FOLDERS = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
# Written by commands, and not committed.
MADE = ("bench/results",)
# `reviews/guards.py`, or a name in it: `reviews/guards.py::own_annotation`.
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]+)(?:::([\w.]+))?`")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_a_file_and_a_heading(page: Path):
    broken = []
    for target in links(page):
        file, _, anchor = target.partition("#")
        aim = (page.parent / file).resolve() if file else page
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_paths_and_names_in_code_exist(page: Path):
    absent = [
        f"{path}::{name}" if name else path
        for path, name in PATH.findall(page.read_text())
        if not path.startswith(MADE)
        and (not (ROOT / path).exists() or (name and name not in names_in(ROOT / path)))
    ]
    assert absent == []


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("3. When a review stands", "3-when-a-review-stands"),
        ("`PING`", "ping"),
        ("Who's `last_action`?", "whos-last_action"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str):
    assert slug(heading) == anchor


def test_names_of_methods_and_constants_are_seen():
    assert {"names_in", "ROOT"} <= names_in(ROOT / "tests/docs/pages.py")
    assert "AnnotationReviewService.accept" in names_in(ROOT / "reviews/service.py")
