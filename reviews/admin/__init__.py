from .annotations import AnnotationAdmin
from .corrections import CorrectionAdmin
from .queue import QueueEntryAdmin
from .records import BulkReviewAdmin, CommentAdmin, DisputeAdmin, FinalPickAdmin, ReviewAdmin

__all__ = [
    "AnnotationAdmin",
    "BulkReviewAdmin",
    "CommentAdmin",
    "CorrectionAdmin",
    "DisputeAdmin",
    "FinalPickAdmin",
    "QueueEntryAdmin",
    "ReviewAdmin",
]
