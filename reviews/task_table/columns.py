"""The columns of the task table, in Label Studio's order, each with the source its filters and its ordering use."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F

from tasks.labelconfig import parse
from tasks.models import Membership, Prediction, Project, TaskAnnotator
from tasks.pseudonyms import Identities, identities_in
from tasks.roles import may
from tasks.sql import bounded_reads

from ..models import TaskReviewer
from . import sources
from .operators import MOMENT, NUMBER, TRUTH
from .refusals import bad_filter
from .sources import SourceFor, counter, field

MEDIA = {"Image", "Audio", "AudioPlus", "Video"}
# How many tasks are asked for the names of their data; a table of more columns is none.
LOOKED_AT = 1000
MOST_DATA_COLUMNS = 200

DATA_KEYS = """
    SELECT DISTINCT key FROM (
        SELECT data FROM tasks_task WHERE project_id = %s AND deleted_at IS NULL ORDER BY id LIMIT %s
    ) looked, jsonb_object_keys(CASE jsonb_typeof(data) WHEN 'object' THEN data ELSE '{}' END) key ORDER BY key LIMIT %s
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
    shown_in: frozenset[str] = frozenset()

    def body(self, schema: dict[str, Any] | None) -> dict[str, Any]:
        shown = {place: place in self.shown_in for place in ("explore", "labeling")}
        body = {"id": self.id, "title": self.title, "type": self.type, "help": self.help, "target": "tasks"}
        return (
            body
            | ({"schema": schema} if schema else {})
            | {"visibility_defaults": shown, "project_defined": False}
        )


COLUMNS = (
    Column("id", "ID", "Number", field("id", NUMBER), "Task id", EXPLORE),
    Column("inner_id", "Inner ID", "Number", field("inner_id", NUMBER), "Number within the project, from 1"),
    Column(
        "completed_at",
        "Completed",
        "Datetime",
        field("completed_at", MOMENT),
        "When overlap was reached",
        EXPLORE,
    ),
    Column(
        "total_annotations",
        "Annotations",
        "Number",
        counter("total_annotations"),
        "Submitted annotations",
        EVERYWHERE,
    ),
    Column(
        "cancelled_annotations",
        "Cancelled",
        "Number",
        counter("cancelled_annotations"),
        "Skipped annotations",
        EXPLORE,
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
        sources.words("imported_by__name"),
        "Name of the imported file",
    ),
    Column("storage_filename", "Storage filename", "String", sources.never, "Always empty here"),
    Column("created_at", "Created at", "Datetime", field("created_at", MOMENT), "When the task was created"),
    Column(
        "updated_at",
        "Updated at",
        "Datetime",
        field("updated_at", MOMENT),
        "Last change of the task or its annotations",
    ),
    Column("updated_by", "Updated by", "List", sources.updated_by, "Who changed it last"),
    Column(
        "avg_lead_time",
        "Lead Time",
        "Time",
        sources.lead_time,
        "Mean lead time of the annotations, in seconds",
    ),
    Column("draft_exists", "Drafts", "Boolean", sources.draft_exists, "You have a draft on this task"),
    Column(
        "reviewed", "Reviewed", "Boolean", field("reviewed", TRUTH), "The review criteria are met", EXPLORE
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
        "reviews_rejected", "Rejected", "Number", counter("reviews_rejected"), "Standing rejected", EXPLORE
    ),
    Column(
        "reviewed_at",
        "Reviewed at",
        "Datetime",
        field("reviewed_at", MOMENT),
        "When the task became reviewed",
    ),
    Column(
        "final_state",
        "Final answer",
        "String",
        sources.words("final_state"),
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
# What an annotator does not see (contract §4).
REVIEWERS_ONLY = {
    "annotators",
    "reviewed",
    "reviewers",
    "reviews_accepted",
    "reviewed_at",
    "final_state",
    "comment_count",
    "unresolved_comment_count",
    "comments",
}
# Whose values are people.
PEOPLE = ("annotators", "reviewers", "updated_by")
BY_ID = {column.id: column for column in COLUMNS}


def open_to(user: Any, project: Project) -> list[Column]:
    """What this person sees: an annotator, of the review columns, only how often work was rejected."""
    everything = may(user, "view_all_annotations", project)
    return [column for column in COLUMNS if everything or column.id not in REVIEWERS_ONLY]


def column_named(name: str, user: Any, project: Project) -> Column:
    """Raises Refused(bad_filter): there is no such column, or it is not open to this person."""
    column = BY_ID.get(name)
    if column is None or column not in open_to(user, project):
        known = ", ".join(c.id for c in open_to(user, project))
        raise bad_filter(f"There is no column {name!r} for you here. Use data.<key> or one of: {known}.")
    return column


def hidden_by_default(user: Any, project: Project) -> dict[str, list[str]]:
    """As a tab keeps them. (The front end says so of `visibility_defaults` too, but only for the tabs it makes itself.)"""
    listed = [column for column in open_to(user, project) if column.id not in UNLISTED]
    return {
        place: [f"tasks:{column.id}" for column in listed if place not in column.shown_in]
        for place in ("explore", "labeling")
    }


def body(user: Any, project: Project) -> dict[str, Any]:
    """The answer of GET /api/dm/columns."""
    children = [_data_column(key, kind, in_config) for key, (kind, in_config) in data_kinds(project).items()]
    shown = [column for column in open_to(user, project) if column.id not in UNLISTED]
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
        schemas = _schemas(project, identities_in(project.pk, user))
    table = [column.body(schemas.get(column.id)) for column in shown]
    root = {
        "id": "data",
        "title": "data",
        "type": "List",
        "help": "The task's own data",
        "target": "tasks",
        "children": [child["id"] for child in children],
        "visibility_defaults": {"explore": False, "labeling": False},
        "project_defined": False,
    }
    at = next(place for place, column in enumerate(shown) if column.id == "draft_exists") + 1
    return {"columns": [*children, *table[:at], root, *table[at:]]}


def _data_column(key: str, kind: str, in_config: bool) -> dict[str, Any]:
    return {
        "id": key,
        "title": key,
        "type": kind,
        "help": "",
        "target": "tasks",
        "parent": "data",
        "visibility_defaults": {"explore": True, "labeling": in_config},
        "project_defined": True,
    }


def data_kinds(project: Project) -> dict[str, tuple[str, bool]]:
    """Key → its type, and whether the label configuration shows it; what only the tasks have is Unknown."""
    inputs = parse(project.label_config).objects.values()
    shown = {one["value"]: one["type"] for one in inputs if one["value"] and "[" not in one["value"]}
    kinds = {key: (kind if kind in MEDIA else "String", True) for key, kind in shown.items()}
    return kinds | {key: ("Unknown", False) for key in _keys_of(project) if key not in kinds}


def _keys_of(project: Project) -> list[str]:
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS), connection.cursor() as cursor:
        cursor.execute(DATA_KEYS, [project.pk, LOOKED_AT, MOST_DATA_COLUMNS])
        return [row[0] for row in cursor.fetchall()]


def _schemas(project: Project, identities: Identities) -> dict[str, dict[str, Any]]:
    """What the values of a list may be: ids of people, or model versions."""
    people = Membership.objects.filter(project=project).values_list("user_id", flat=True)
    worked = TaskAnnotator.objects.filter(project=project).values_list("user_id", flat=True).distinct()
    reviewed = TaskReviewer.objects.filter(project=project).values_list("user_id", flat=True).distinct()
    everybody = {"items": sorted(identities.mask_id(one) for one in {*people, *worked, *reviewed})}
    versions = (
        Prediction.objects.filter(project=project)
        .order_by("model_version")
        .values_list(F("model_version"), flat=True)
    )
    return {
        **dict.fromkeys(PEOPLE, everybody),
        "predictions_model_versions": {"items": list(versions.distinct()), "multiple": True},
    }
