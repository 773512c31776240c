from .annotations import AnnotationAdmin
from .corrections import CorrectionAdmin
from .disputes import DisputeAdmin
from .picks import FinalPickAdmin
from .queue import QueueEntryAdmin
from .records import BulkReviewAdmin, CommentAdmin, ReviewAdmin

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
