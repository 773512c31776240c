"""What may wait for somebody: the kinds of an inbox, what to do about each, and on which page."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models

BOUND = 1000  # items of one kind that are read: beyond that a count says "at least"


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
REVIEWED_THERE = (Kind.DISPUTES, Kind.TO_REVIEW)
ONES_OWN = (Kind.RETURNED, Kind.COMMENTS)


@dataclass(frozen=True)
class Item:
    """One thing that waits, since when. Shared work is one item for each project: `count` of it, `task` the
    one that waits longest. `about` is the id of the comment, or of the review whose corrections they are. It
    names nobody."""

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
        """There are more than were counted."""
        return self.count > BOUND

    @property
    def to_do(self) -> str:
        return TO_DO[self.kind]

    @property
    def link(self) -> str:
        """The page to do it on. Shared work is handed out by its queue, so its link names no task."""
        if self.kind in REVIEWED_THERE or self.on_review_screen:
            return review_page(self.project, None if self.shared else self.task)
        about_one = f"?task={self.task}" if self.kind in ONES_OWN else ""
        return f"/projects/{self.project}/label/{about_one}"


def review_page(project: int, task: int | None = None) -> str:
    return f"/projects/{project}/review/" + (f"?task={task}" if task else "")
