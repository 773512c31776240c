from .comment import Comment
from .correction import Correction
from .dispute import Dispute
from .final_pick import FinalPick
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
