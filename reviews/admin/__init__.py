from .annotations import AnnotationAdmin
from .records import BulkReviewAdmin, CommentAdmin, ReviewAdmin

__all__ = ["AnnotationAdmin", "BulkReviewAdmin", "CommentAdmin", "ReviewAdmin"]
