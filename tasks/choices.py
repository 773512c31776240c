"""Enumerations, with Label Studio's values."""

from django.db import models


class ActionType(models.TextChoices):
    """What last happened to an annotation."""

    PREDICTION = "prediction", "Created from prediction"
    PROPAGATED_ANNOTATION = "propagated_annotation", "Created from another annotation"
    IMPORTED = "imported", "Imported"
    SUBMITTED = "submitted", "Submitted"
    UPDATED = "updated", "Updated"
    SKIPPED = "skipped", "Skipped"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    FIXED_AND_ACCEPTED = "fixed_and_accepted", "Fixed and accepted"
    DELETED_REVIEW = "deleted_review", "Deleted review"


VERDICTS = (ActionType.ACCEPTED, ActionType.REJECTED, ActionType.FIXED_AND_ACCEPTED)
ACCEPTING = (ActionType.ACCEPTED, ActionType.FIXED_AND_ACCEPTED)


class HistoryAction(models.TextChoices):
    """What happened to an annotation. One row of history each."""

    IMPORTED = "imported", "Imported"
    PREDICTION = "prediction", "Created from prediction"
    PROPAGATED_ANNOTATION = "propagated_annotation", "Created from another annotation"
    SUBMITTED = "submitted", "Submitted"
    UPDATED = "updated", "Updated"
    SKIPPED = "skipped", "Skipped"
    UNSKIPPED = "unskipped", "Unskipped"
    DATA_CHANGED = "data_changed", "Task data changed"
    AUTHOR_CHANGED = "author_changed", "Given to another author"
    CONVERTED_TO_DRAFT = "converted_to_draft", "Turned back into a draft"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    FIXED_AND_ACCEPTED = "fixed_and_accepted", "Fixed and accepted"
    DELETED_REVIEW = "deleted_review", "Deleted review"
    REOPENED = "reopened", "Reopened"
    CONTESTED = "contested", "Contested"
    DELETED = "deleted", "Deleted"
    RESTORED = "restored", "Restored"


class RejectAction(models.TextChoices):
    """What becomes of a rejected annotation."""

    REMOVE = "remove", "Remove: rejected, not sent back"
    REQUEUE = "requeue", "Requeue: back to the same annotator"
    REDISTRIBUTE = "redistribute", "Redistribute: somebody else annotates it"


class ReviewCriteria(models.TextChoices):
    ONE = "one", "One accepted annotation is enough"
    ALL = "all", "Every annotation has a verdict"


class Sampling(models.TextChoices):
    """The order of the review queue. The first three are Label Studio's."""

    TASK_ID = "task_id", "By task id, oldest first"
    RANDOM = "random", "Random"
    BY_ANNOTATOR = "by_annotator", "By annotator"
    REWORKED_FIRST = "reworked_first", "Reworked annotations first"
    LOWEST_SCORE = "lowest_score", "Lowest prediction score first"


class FinalState(models.TextChoices):
    """Whether a task has a final answer."""

    GOLD = "gold", "Has a final answer"
    CONFLICT = "conflict", "Accepted annotations differ"
    NONE = "none", "Reviewed, and none was accepted"
    NOT_REVIEWED = "not_reviewed", "Not reviewed"


class Distribution(models.TextChoices):
    AUTO = "auto_distribution", "Every member may take any task"
    ASSIGNED_ONLY = "assigned_only", "Assigned tasks only"


class AssignmentType(models.TextChoices):
    REVIEWER = "RE", "Reviewer"
    ANNOTATOR = "AN", "Annotator"
