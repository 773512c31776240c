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

from .counts import totals
from .models import LIVE, Campaign, Item, Submission
from .outcomes import outcome_of, scores_by_item, summary
from .review_file import as_text, body_of, path_of

CHUNK = 2000
EACH_QUESTION = ("n", "mean", "median", "min", "majority", "disagreement")

README = """---
configs:
- config_name: default
  data_files: reviews.jsonl
---
# {title}

{reviews} reviews of {items} items by {reviewers} reviewers, {target} wanted for each item.

- `reviews.jsonl`: one review a line, as in `reviews/`, with `status` (`counted`, or `surplus`).
- `reviews/<reviewer>/<anno_id>__<milliseconds>.json`: one file for each review.
- `summary.csv`: one line for each item, with the scores of each question.

Scores: 1 delete, 2 needs a fix, 3 keep. Reviewers are anonymous.
"""


def write_zip(campaign: Campaign, file: BinaryIO, *, progress: Progress = no_progress) -> None:
    """The state of one instant. In a transaction of its own."""
    with snapshot(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.md", readme(campaign))
        with archive.open("summary.csv", "w", force_zip64=True) as raw:
            for text in summary_lines(campaign):
                raw.write(text.encode())
        with archive.open("reviews.jsonl", "w", force_zip64=True) as raw:
            for text in review_lines(campaign):
                raw.write(text.encode())
        total = totals(campaign).reviews
        for done, (submission, body) in enumerate(reviews_of(campaign), start=1):
            path = path_of(body["reviewer_id"], body["anno_id"], submission.ms)
            archive.writestr(path, as_text(body))
            if done % CHUNK == 0:
                progress(done, total, f"{done:,} reviews written")


def readme(campaign: Campaign) -> str:
    now = totals(campaign)
    return README.format(
        title=campaign.title.replace("\n", " "),
        items=now.items,
        reviews=now.reviews,
        reviewers=now.reviewers,
        target=campaign.target,
    )


def reviews_of(campaign: Campaign) -> Iterator[tuple[Submission, dict[str, Any]]]:
    """Counted and surplus reviews, oldest first, each with its JSON."""
    rows = Submission.objects.filter(campaign=campaign, status__in=LIVE).order_by("id")
    for submission in rows.select_related("item", "reviewer").iterator(CHUNK):
        yield submission, body_of(submission, submission.item.anno_id, submission.reviewer.public_id)


def review_lines(campaign: Campaign) -> Iterator[str]:
    for submission, body in reviews_of(campaign):
        yield json.dumps(body | {"status": submission.status}, ensure_ascii=False) + "\n"


def summary_lines(campaign: Campaign) -> Iterator[str]:
    keys = [question["key"] for question in campaign.rubric["questions"]]
    yield _csv(["anno_id", "outcome", *(f"{key}_{name}" for key in keys for name in EACH_QUESTION)])
    for items in _chunks(Item.objects.filter(campaign=campaign).order_by("position").iterator(CHUNK)):
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
