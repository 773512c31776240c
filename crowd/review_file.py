"""One review as a file: the JSON and the path that dataset repositories, exports and restores share."""

import json
import re
from typing import Any

from django.db.models import F, QuerySet

from .importing.lines import ANNO_ID
from .models import Submission
from .rubric import Rubric

REVIEWER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
PATH = re.compile(r"(?:\A|.*/)reviews/(?P<reviewer>[^/]+)/(?P<anno_id>[^/]+)__(?P<ms>[0-9]{1,15})\.json\Z")

LIST = "reviews.jsonl"  # beside reviews/


def with_names(reviews: QuerySet[Submission]) -> QuerySet[Submission]:
    """Each with its reviewer and the `anno_id` of its item."""
    return reviews.select_related("reviewer").annotate(anno_id=F("item__anno_id"))


def file_of(review: Submission, rubric: Rubric) -> tuple[str, dict[str, Any]]:
    """Path and JSON of one that `with_names` read."""
    anno_id, reviewer = review.anno_id, review.reviewer.public_id  # type: ignore[attr-defined]
    return path_of(reviewer, anno_id, review.ms), body_of(review, anno_id, reviewer, rubric)


def body_of(submission: Submission, anno_id: str, reviewer_id: str, rubric: Rubric) -> dict[str, Any]:
    return {
        "reviewer_id": reviewer_id,
        "anno_id": anno_id,
        "ts": submission.ts,
        **_in_order(submission.answers, rubric),
        "comment": submission.comment,
    }


def _in_order(answers: dict[str, dict[str, Any]], rubric: Rubric) -> dict[str, dict[str, Any]]:
    """Of the rubric: the database has an order of its own. What the rubric no longer asks comes last."""
    ordered = {}
    for question in rubric["questions"]:
        if answer := answers.get(question["key"]):
            names = ["score", *(tag["name"] for tag in question.get("tags", ()))]
            ordered[question["key"]] = {name: answer[name] for name in names if name in answer} | answer
    return ordered | {key: answer for key, answer in answers.items() if key not in ordered}


def path_of(reviewer_id: str, anno_id: str, ms: int) -> str:
    """Built of validated parts only, so that it stays in its folder."""
    if not REVIEWER.match(reviewer_id) or not ANNO_ID.match(anno_id):
        raise ValueError("not the id of a reviewer and an item")
    return f"reviews/{reviewer_id}/{anno_id}__{ms}.json"


def as_text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)
