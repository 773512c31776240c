"""A campaign's reviews as files: the tree of a dataset repository, one list, and a summary of the items."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from exchange.exporting.stream import snapshot
from jobs.progress import Progress, no_progress
from tasks.sql import streamed

from .counts import totals
from .models import Campaign, Item, Submission
from .outcomes import outcome_of, scores_by_item, summary
from .review_file import LIST, as_text, file_of, with_names
from .rubric import question_keys
from .zips import ManyFiles

CHUNK = 2000
EACH_QUESTION = ("n", "mean", "median", "min", "majority", "disagreement")

README = """---
configs:
- config_name: default
  data_files: reviews.jsonl
---
# {title}

{reviews} reviews of {items} items by {reviewers} reviewers count, {target} wanted for each item.

- `reviews.jsonl`: one review a line, as in `reviews/`, with its `path` and its `status`: `counted`;
  `surplus`, sent when no more were wanted; `superseded` by a later one of the same person; `withdrawn`,
  because the person was blocked.
- `reviews/<reviewer>/<anno_id>__<milliseconds>.json`: one file for each review.
- `summary.csv`: one line for each item, with the scores of each question. Only counted reviews.
{items_file}
Scores: 1 delete, 2 needs a fix, 3 keep. Reviewers are anonymous.
"""


def write_zip(campaign: Campaign, file: BinaryIO, *, progress: Progress = no_progress) -> int:
    """The state of one instant, in a transaction of its own. Returns how many reviews it has."""
    done = 0
    with snapshot(), ManyFiles(file) as archive:
        archive.writestr("README.md", readme(campaign))
        _write_lines(archive, "annotations.jsonl", item_lines(campaign))
        _write_lines(archive, "summary.csv", summary_lines(campaign))
        _write_lines(archive, LIST, review_lines(campaign))
        total = Submission.objects.filter(campaign=campaign).count()
        for path, body, _ in reviews_of(campaign):
            archive.writestr(path, as_text(body))
            done += 1
            if done % CHUNK == 0:
                progress(done, total, f"{done:,} of {total:,} reviews written")
    return done


def _write_lines(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as raw:
        for line in lines:
            raw.write(line.encode())


def readme(campaign: Campaign, *, has_items: bool = True) -> str:
    now = totals(campaign)
    return README.format(
        title=" ".join(campaign.title.split()),
        items=now.items,
        reviews=now.reviews,
        reviewers=now.reviewers,
        target=campaign.target,
        items_file="- `annotations.jsonl`: the items, as they were imported.\n" if has_items else "",
    )


def reviews_of(campaign: Campaign) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(path, JSON, status) of all reviews, oldest first."""
    rows = with_names(Submission.objects.filter(campaign=campaign).order_by("id"))
    for review in streamed(rows, CHUNK):
        yield *file_of(review, campaign.rubric), review.status


def review_lines(campaign: Campaign) -> Iterator[str]:
    for path, body, status in reviews_of(campaign):
        yield json.dumps(body | {"status": status, "path": path}, ensure_ascii=False) + "\n"


def item_lines(campaign: Campaign) -> Iterator[str]:
    lines = Item.objects.filter(campaign=campaign).order_by("position").values_list("line", flat=True)
    for line in streamed(lines, CHUNK):
        yield json.dumps(line, ensure_ascii=False) + "\n"


def summary_lines(campaign: Campaign) -> Iterator[str]:
    keys = question_keys(campaign.rubric)
    yield _csv(["anno_id", "outcome", *(f"{key}_{name}" for key in keys for name in EACH_QUESTION)])
    for items in _chunks(streamed(Item.objects.filter(campaign=campaign).order_by("position"), CHUNK)):
        scores = scores_by_item(items)
        for item in items:
            found = [summary([review[key] for review in scores[item.pk]]) for key in keys]
            values = [one[name] for one in found for name in EACH_QUESTION]
            yield _csv([item.anno_id, outcome_of(scores[item.pk]) or "", *values])


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    unread = iter(items)
    while chunk := list(islice(unread, CHUNK)):
        yield chunk


def _csv(values: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()
