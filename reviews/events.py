"""The kinds of happening this app adds to tasks.events. `subjects` are the reviews or comments concerned."""

REVIEWS_CREATED = "reviews_created"  # one or many verdicts; detail: none
REVIEWS_UNDONE = "reviews_undone"
REVIEW_WITHDRAWN = (
    "review_withdrawn"  # a verdict stopped standing without a new one; detail: reason, one for all
)
TASK_REVIEWED = "task_reviewed"
TASK_UNREVIEWED = "task_unreviewed"
REOPENED = "reopened"  # returned for rework without a verdict; detail: comment
COMMENTED = "commented"  # subjects: the comments, also of the next two
COMMENT_CHANGED = "comment_changed"
COMMENT_DELETED = "comment_deleted"
CONTESTED = "contested"  # subjects: the dispute
