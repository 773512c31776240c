"""The kinds of items in an inbox: what to do about each, and on which page."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models

BOUND = 1000  # items of one kind that are read; a larger count says "at least"


class Kind(models.TextChoices):
    RETURNED = "returned", "Sent back to you"
    DISPUTES = "disputes", "Contested rejections"
    COMMENTS = "comments", "Comments to you"
    CORRECTIONS = "corrections", "Corrections of your work"
    TO_REVIEW = "to_review", "To review"
    TO_LABEL = "to_label", "To label"


TO_DO = {
    Kind.RETURNED: "Rework it: it was sent back to you.",
    Kind.DISPUTES: "Decide: the annotator contests the rejection.",
    Kind.COMMENTS: "Read the comment; answer or resolve it.",
    Kind.CORRECTIONS: "Read what a reviewer corrected, and acknowledge it.",
    Kind.TO_REVIEW: "Review what was submitted.",
    Kind.TO_LABEL: "Label what is left.",
}
ON_REVIEW_PAGE = (Kind.DISPUTES, Kind.TO_REVIEW)
ON_OWN_WORK = (Kind.RETURNED, Kind.COMMENTS)


@dataclass(frozen=True)
class Item:
    """One item, and since when it waits. Names no people.

    Shared work is one item per project: `count` says how much there is, `task` has waited longest. `about` is
    the id of a comment, or of the review that made corrections.
    """

    kind: Kind
    project: int
    task: int
    annotation: int | None
    about: int | None
    since: datetime
    count: int = 1
    text: str = ""
    shared: bool = False
    on_review_screen: bool = False  # a comment, to somebody who reviews there

    @property
    def number(self) -> int:
        return min(self.count, BOUND)

    @property
    def is_estimate(self) -> bool:
        """`number` means: at least that many."""
        return self.count > BOUND

    @property
    def to_do(self) -> str:
        return TO_DO[self.kind]

    @property
    def link(self) -> str:
        """The page to do it on. Shared work comes from a queue, so its link has no task."""
        if self.kind in ON_REVIEW_PAGE or self.on_review_screen:
            return review_page(self.project, None if self.shared else self.task)
        about_one = f"?task={self.task}" if self.kind in ON_OWN_WORK else ""
        return f"/projects/{self.project}/label/{about_one}"


def review_page(project: int, task: int | None = None) -> str:
    return f"/projects/{project}/review/" + (f"?task={task}" if task else "")
