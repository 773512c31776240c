from .jobs import JobAdmin
from .label_configs import LabelConfigVersionAdmin
from .members import AssignmentAdmin, MembershipAdmin
from .projects import ProjectAdmin, ProjectChangeAdmin
from .records import DraftAdmin, HistoryAdmin, ImportAdmin, PredictionAdmin, ViewAdmin
from .reservations import ReservationAdmin
from .tasks import TaskAdmin
from .uploads import UploadAdmin

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
