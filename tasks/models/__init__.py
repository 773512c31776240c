from .annotation import Annotation, Draft, History, Prediction
from .project import LabelConfigVersion, Membership, Project, ProjectChange, ProjectDelta, ProjectTotal
from .task import Assignment, Import, Reservation, Task, TaskAnnotator, TaskText, Upload
from .view import View

__all__ = [
    "Annotation",
    "Assignment",
    "Draft",
    "History",
    "Import",
    "LabelConfigVersion",
    "Membership",
    "Prediction",
    "Project",
    "ProjectChange",
    "ProjectDelta",
    "ProjectTotal",
    "Reservation",
    "Task",
    "TaskAnnotator",
    "TaskText",
    "Upload",
    "View",
]
