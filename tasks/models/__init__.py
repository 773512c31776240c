from .annotation import Annotation, Draft, History, Prediction
from .project import Membership, Project, ProjectChange, ProjectDelta, ProjectTotal
from .task import Assignment, Import, Task, TaskAnnotator
from .view import View

__all__ = [
    "Annotation",
    "Assignment",
    "Draft",
    "History",
    "Import",
    "Membership",
    "Prediction",
    "Project",
    "ProjectChange",
    "ProjectDelta",
    "ProjectTotal",
    "Task",
    "TaskAnnotator",
    "View",
]
