"""A data set as CSV files of the preset `plain`, which `importing` reads back."""

import csv
from collections.abc import Iterable
from pathlib import Path

from .loading import Source

FILES = ("comments.csv", "raters.csv", "ratings.csv")


def write(source: Source, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    harms = [f"harm:{name}" for name in source.harms]
    columns = ["comment", "text", "topic", "topic_label", "system", "is_evaluated", *harms]
    comments = (
        [c.external_id, c.text, c.topic, source.topics[c.topic], c.system, str(c.is_evaluated).lower()]
        + [c.harms[name] for name in source.harms]
        for c in source.comments
    )
    _write(folder / "comments.csv", columns, comments)
    raters = (
        [r.external_id, r.gender, r.politics, r.religion, r.lgbtq, "|".join(r.races)] for r in source.raters
    )
    _write(folder / "raters.csv", ["rater", "gender", "politics", "religion", "lgbtq", "races"], raters)
    ratings = (
        [source.raters[rater].external_id, source.comments[comment].external_id, value]
        for rater, comment, value in source.ratings
    )
    _write(folder / "ratings.csv", ["rater", "comment", "rating"], ratings)


def _write(path: Path, header: list[str], rows: Iterable[list]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
