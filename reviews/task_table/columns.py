"""The columns of the task table in Label Studio's order, each with the source for filters and ordering.

Which of them a person has is said here for all: the data manager and its saved tabs, the filters and orders
of `/api/tasks/` and `/api/annotations/`, and the keys of a task's body.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from tasks.errors import Refused
from tasks.labelconfig import parse
from tasks.models import Membership, Prediction, Project, TaskAnnotator
from tasks.pseudonyms import identities_in
from tasks.roles import may
from tasks.sql import bounded_reads
from users.models import User
from users.sentences import sentence as _

from ..models import TaskReviewer
from . import sources
from .errors import bad_filter
from .operators import BOOLEAN, DATETIME, NUMBER, Source
from .sources import SourceFor, counter, field, own_counter, own_field

MEDIA = {"Image", "Audio", "AudioPlus", "Video"}
# The first tasks of a project are taken to have the keys of all of them.
SAMPLED_TASKS = 1000
MAX_DATA_COLUMNS = 200

DATA_KEYS = """
    SELECT DISTINCT key FROM (
        SELECT data FROM tasks_task WHERE project_id = %s AND deleted_at IS NULL ORDER BY id LIMIT %s
    ) sampled, jsonb_object_keys(CASE jsonb_typeof(data) WHEN 'object' THEN data ELSE '{}' END) key
    ORDER BY key LIMIT %s
"""


EXPLORE = frozenset({"explore"})
EVERYWHERE = frozenset({"explore", "labeling"})


@dataclass(frozen=True)
class Column:
    id: str
    title: str
    type: str
    source: SourceFor
    help: str
    visible_in: frozenset[str] = frozenset()  # without the user's choice
    # Of a column that sums up everybody's work: the same of an annotator's own.
    own: SourceFor | None = None

    def source_for(self, user: User, project: Project | int) -> Source:
        if self.own is None or may(user, "view_all_annotations", project):
            return self.source(user)
        return self.own(user)

    def as_body(self, schema: dict[str, Any] | None) -> dict[str, Any]:
        about = {"id": self.id, "title": self.title, "type": self.type, "help": self.help, "target": "tasks"}
        visible = {place: place in self.visible_in for place in ("explore", "labeling")}
        more = {"schema": schema} if schema else {}
        return {**about, **more, "visibility_defaults": visible, "project_defined": False}


COLUMNS = (
    Column("id", "ID", "Number", field("id", NUMBER), "Task id", EXPLORE),
    Column("inner_id", "Inner ID", "Number", field("inner_id", NUMBER), "Number within the project, from 1"),
    Column(
        "completed_at",
        "Completed",
        "Datetime",
        field("completed_at", DATETIME),
        "When overlap was reached",
        EXPLORE,
        own=own_field("completed_at", DATETIME),
    ),
    Column(
        "total_annotations",
        "Annotations",
        "Number",
        counter("total_annotations"),
        "Submitted annotations",
        EVERYWHERE,
        own=own_counter("total_annotations"),
    ),
    Column(
        "cancelled_annotations",
        "Cancelled",
        "Number",
        counter("cancelled_annotations"),
        "Skipped annotations",
        EXPLORE,
        own=own_counter("cancelled_annotations"),
    ),
    Column(
        "total_predictions", "Predictions", "Number", counter("total_predictions"), "Predictions", EXPLORE
    ),
    Column("annotators", "Annotated by", "List", sources.annotators, "Who annotated the task", EXPLORE),
    Column(
        "annotations_results",
        "Annotation results",
        "String",
        sources.annotation_results,
        "Results of all annotations",
    ),
    Column("annotations_ids", "Annotation IDs", "String", sources.annotation_ids, "Ids of all annotations"),
    Column(
        "predictions_score",
        "Prediction score",
        "Number",
        sources.prediction_score,
        "Mean score of the predictions",
    ),
    Column(
        "predictions_model_versions",
        "Prediction model versions",
        "List",
        sources.model_versions,
        "Who predicted",
    ),
    Column(
        "predictions_results",
        "Prediction results",
        "String",
        sources.prediction_results,
        "Results of all predictions",
    ),
    Column(
        "file_upload",
        "Upload filename",
        "String",
        sources.text_field("imported_by__name"),
        "Name of the imported file",
    ),
    Column("storage_filename", "Storage filename", "String", sources.always_empty, "Always empty here"),
    Column(
        "created_at", "Created at", "Datetime", field("created_at", DATETIME), "When the task was created"
    ),
    Column(
        "updated_at",
        "Updated at",
        "Datetime",
        field("updated_at", DATETIME),
        "Last change of the task or its annotations",
        own=own_field("updated_at", DATETIME),
    ),
    Column(
        "updated_by",
        "Updated by",
        "List",
        sources.updated_by,
        "Who changed it last",
        own=sources.updated_by_reader,
    ),
    Column(
        "avg_lead_time",
        "Lead Time",
        "Time",
        sources.lead_time,
        "Mean lead time of the annotations, in seconds",
    ),
    Column("draft_exists", "Drafts", "Boolean", sources.draft_exists, "You have a draft on this task"),
    Column(
        "reviewed", "Reviewed", "Boolean", field("reviewed", BOOLEAN), "The review criteria are met", EXPLORE
    ),
    Column(
        "reviewers", "Reviewed by", "List", sources.reviewers, "Who reviewed it, or is assigned to", EXPLORE
    ),
    Column(
        "reviews_accepted",
        "Accepted",
        "Number",
        counter("reviews_accepted"),
        "Standing accepted, and fixed",
        EXPLORE,
    ),
    Column(
        "reviews_rejected",
        "Rejected",
        "Number",
        counter("reviews_rejected"),
        "Standing rejected",
        EXPLORE,
        own=own_counter("reviews_rejected"),
    ),
    Column(
        "reviewed_at",
        "Reviewed at",
        "Datetime",
        field("reviewed_at", DATETIME),
        "When the task became reviewed",
    ),
    Column(
        "final_state",
        "Final answer",
        "String",
        sources.text_field("final_state"),
        "gold, conflict, none or not_reviewed",
    ),
    Column("comment_count", "Comments", "Number", counter("comment_count"), "Comments", EXPLORE),
    Column(
        "unresolved_comment_count",
        "Open comments",
        "Number",
        counter("unresolved_comment_count"),
        "Comments to resolve",
    ),
    Column("comments", "Comments", "Number", counter("comment_count"), "Comments"),
    Column("ground_truth", "Ground truth", "Boolean", sources.ground_truth, "Has a ground truth annotation"),
)
# The SDK names these; Label Studio's table does not show them.
UNLISTED = {"comments", "ground_truth"}
_REJECTIONS = _("reviews_rejected counts the rejections of your own work")
_COMMENTS = _("GET /api/comments/?task= lists the comments on your own work")
# What annotators do not have, and what is nearest to it. Of reviews they see how often theirs was rejected.
NEAREST_TO = {
    "annotators": _("total_annotations counts your own annotations"),
    "reviewed": _REJECTIONS,
    "reviewers": _REJECTIONS,
    "reviews_accepted": _REJECTIONS,
    "reviewed_at": _("updated_at is the last change of your own work"),
    "final_state": _REJECTIONS,
    "comment_count": _COMMENTS,
    "unresolved_comment_count": _COMMENTS,
    "comments": _COMMENTS,
}
# Keys of a task's body that are no columns, by the column that they are about.
ABOUT_COLUMN = {
    "annotators_count": "annotators",
    "reviewers_count": "reviewers",
    "last_comment_updated_at": "comment_count",
    "comment_authors": "comment_count",
    "final_annotation": "final_state",
}
# Their values are ids of people.
PEOPLE_COLUMNS = ("annotators", "reviewers", "updated_by")
BY_ID = {column.id: column for column in COLUMNS}


def columns_for(user: User, project: Project) -> list[Column]:
    everything = may(user, "view_all_annotations", project)
    return [column for column in COLUMNS if everything or not is_hidden_from_annotators(column.id)]


def is_hidden_from_annotators(name: str) -> bool:
    """Of a column, or of a key of a task's body."""
    return ABOUT_COLUMN.get(name, name) in NEAREST_TO


def not_for_annotators(name: str, *, field: str) -> Refused:
    nearest = NEAREST_TO[ABOUT_COLUMN.get(name, name)]
    detail = _(
        "%(name)s is about the work of others, which annotators are not told of. Nearest: %(nearest)s.",
        name=name,
        nearest=nearest,
    )
    return Refused("not_for_annotators", detail, field=field)


def column_named(name: str, user: User, project: Project) -> Column:
    """Raises Refused: there is no such column, or not for this person."""
    column, open_columns = BY_ID.get(name), columns_for(user, project)
    if column is not None and column not in open_columns:
        raise not_for_annotators(name, field="filters")
    if column is None:
        known = ", ".join(c.id for c in open_columns)
        raise bad_filter(
            _(
                "There is no column %(name)r for you here. Use data.<key> or one of: %(known)s.",
                name=name,
                known=known,
            )
        )
    return column


def hidden_by_default(user: User, project: Project) -> dict[str, list[str]]:
    """`hiddenColumns` of a tab without any: the front end uses `visibility_defaults` only for new tabs."""
    return {
        place: [f"tasks:{column.id}" for column in _listed(user, project) if place not in column.visible_in]
        for place in ("explore", "labeling")
    }


def _listed(user: User, project: Project) -> list[Column]:
    return [column for column in columns_for(user, project) if column.id not in UNLISTED]


def columns_body(user: User, project: Project) -> dict[str, Any]:
    """The answer of GET /api/dm/columns.

    Columns of the task's data come first, their parent `data` just before the review columns.
    """
    data_columns = [_data_column(key, *column) for key, column in data_types(project).items()]
    listed = _listed(user, project)
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
        schemas = _schemas(user, project)
    table = [column.as_body(schemas.get(column.id)) for column in listed]
    parent = {
        "id": "data",
        "title": "data",
        "type": "List",
        "help": "The task's own data",
        "target": "tasks",
        "children": [column["id"] for column in data_columns],
        "visibility_defaults": {"explore": False, "labeling": False},
        "project_defined": False,
    }
    at = [column.id for column in listed].index("draft_exists") + 1
    return {"columns": [*data_columns, *table[:at], parent, *table[at:]]}


def _data_column(key: str, type_name: str, in_config: bool) -> dict[str, Any]:
    return {
        "id": key,
        "title": key,
        "type": type_name,
        "help": "",
        "target": "tasks",
        "parent": "data",
        "visibility_defaults": {"explore": True, "labeling": in_config},
        "project_defined": True,
    }


def data_types(project: Project) -> dict[str, tuple[str, bool]]:
    """Key → its type, and whether the label configuration shows it.

    Keys that only the tasks have are Unknown.
    """
    inputs = parse(project.label_config).objects.values()
    # `$items[0].url` names a part of a value, not a key.
    in_config = {one["value"]: one["type"] for one in inputs if one["value"] and "[" not in one["value"]}
    types = {key: (kind if kind in MEDIA else "String", True) for key, kind in in_config.items()}
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS), connection.cursor() as cursor:
        cursor.execute(DATA_KEYS, [project.pk, SAMPLED_TASKS, MAX_DATA_COLUMNS])
        keys = [row[0] for row in cursor.fetchall()]
    return types | {key: ("Unknown", False) for key in keys if key not in types}


def _schemas(user: User, project: Project) -> dict[str, dict[str, Any]]:
    """The values a list may have: ids of people, or model versions."""
    predictions = Prediction.objects.filter(project=project, task__deleted_at=None).order_by("model_version")
    versions = predictions.values_list("model_version", flat=True).distinct()
    return {
        **dict.fromkeys(PEOPLE_COLUMNS, {"items": _people(user, project)}),
        "predictions_model_versions": {"items": list(versions), "multiple": True},
    }


def _people(user: User, project: Project) -> list[int]:
    if not may(user, "view_all_annotations", project):
        return [user.pk]
    members = Membership.objects.filter(project=project).values_list("user_id", flat=True)
    annotators = TaskAnnotator.objects.filter(project=project).values_list("user_id", flat=True).distinct()
    reviewers = TaskReviewer.objects.filter(project=project).values_list("user_id", flat=True).distinct()
    identities = identities_in(project.pk, user)
    return sorted(identities.mask_id(one) for one in {*members, *annotators, *reviewers})
