from .comment import Comment
from .loop import Correction, Dispute, FinalPick
from .queue import Queue, QueueEntry
from .review import PERSON, VERDICT_CHOICES, BulkReview, Review, TaskReviewer

__all__ = [
    "PERSON",
    "VERDICT_CHOICES",
    "BulkReview",
    "Comment",
    "Correction",
    "Dispute",
    "FinalPick",
    "Queue",
    "QueueEntry",
    "Review",
    "TaskReviewer",
]
