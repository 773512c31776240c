"""The kinds of happening this app adds to tasks.events. `subjects` are the reviews or comments concerned."""

REVIEWS_CREATED = "reviews_created"  # one or many verdicts; detail: none
REVIEWS_UNDONE = "reviews_undone"
REVIEW_WITHDRAWN = (
    "review_withdrawn"  # a verdict stopped standing without a new one; detail: reason, one for all
)
TASK_REVIEWED = "task_reviewed"
TASK_UNREVIEWED = "task_unreviewed"
COMMENTED = "commented"
CONTESTED = "contested"  # subjects: the dispute
