"""What is audited, the models of people's judgement, and their reports."""

from .audit_model import AuditModel, Kind, Label, ServedComment, Version
from .base_model import BaseModel, BaseState
from .dataset import Comment, Dataset, Rater, Rating, Topic
from .report import (
    Category,
    Evidence,
    Report,
    ReportErrorType,
    ReportState,
    Revision,
    Scaffold,
    Submission,
    SubmissionState,
)

__all__ = [
    "AuditModel",
    "BaseModel",
    "BaseState",
    "Category",
    "Comment",
    "Dataset",
    "Evidence",
    "Kind",
    "Label",
    "Rater",
    "Rating",
    "Report",
    "ReportErrorType",
    "ReportState",
    "Revision",
    "Scaffold",
    "ServedComment",
    "Submission",
    "SubmissionState",
    "Topic",
    "Version",
]
