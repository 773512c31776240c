from .jobs import JobAdmin
from .members import AssignmentAdmin, MembershipAdmin
from .projects import ProjectAdmin, ProjectChangeAdmin
from .records import (
    DraftAdmin,
    HistoryAdmin,
    ImportAdmin,
    LabelConfigVersionAdmin,
    PredictionAdmin,
    ReservationAdmin,
    UploadAdmin,
    ViewAdmin,
)
from .tasks import TaskAdmin

__all__ = [
    "AssignmentAdmin",
    "DraftAdmin",
    "HistoryAdmin",
    "ImportAdmin",
    "JobAdmin",
    "LabelConfigVersionAdmin",
    "MembershipAdmin",
    "PredictionAdmin",
    "ProjectAdmin",
    "ProjectChangeAdmin",
    "ReservationAdmin",
    "TaskAdmin",
    "UploadAdmin",
    "ViewAdmin",
]
