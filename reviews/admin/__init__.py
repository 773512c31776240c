from .annotations import AnnotationAdmin
from .corrections import CorrectionAdmin
from .disputes import DisputeAdmin
from .picks import FinalPickAdmin
from .records import BulkReviewAdmin, CommentAdmin, ReviewAdmin

__all__ = [
    "AnnotationAdmin",
    "BulkReviewAdmin",
    "CommentAdmin",
    "CorrectionAdmin",
    "DisputeAdmin",
    "FinalPickAdmin",
    "ReviewAdmin",
]
