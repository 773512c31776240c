"""What a project holds: the keys of its tasks, and what was answered how often. Label Studio's "summary"."""

from typing import Any

from django.conf import settings
from django.db import connection

from .models import Project
from .sql import bounded_reads

KEYS = """
    SELECT key, count(*) FROM tasks_task t, jsonb_object_keys(
        CASE jsonb_typeof(t.data) WHEN 'object' THEN t.data ELSE '{}' END
    ) key
    WHERE t.project_id = %(project)s AND t.deleted_at IS NULL GROUP BY key ORDER BY key LIMIT %(most)s
"""
# A region's answers are below the key that its type names; those of other shapes are counted as regions only.
ANSWERS = """
    WITH region AS MATERIALIZED (
        SELECT r.value->>'from_name' AS control, r.value->>'to_name' AS object, r.value->>'type' AS type,
            r.value->'value'->(r.value->>'type') AS answers
        FROM tasks_annotation a JOIN tasks_task t ON t.id = a.task_id,
            jsonb_array_elements(CASE jsonb_typeof(a.result) WHEN 'array' THEN a.result ELSE '[]' END) r
        WHERE a.project_id = %(project)s AND a.deleted_at IS NULL AND NOT a.is_draft AND t.deleted_at IS NULL
            AND jsonb_typeof(r.value->'value') = 'object'
    )
    SELECT control, concat_ws('|', control, object, type), NULL, count(*) FROM region
    WHERE control IS NOT NULL GROUP BY control, object, type
    UNION ALL
    SELECT control, NULL, label, count(*) FROM region, jsonb_array_elements_text(answers) label
    WHERE control IS NOT NULL AND jsonb_typeof(answers) = 'array' AND type <> 'textarea'
    GROUP BY control, label
    ORDER BY 1, 4 DESC, 3 LIMIT %(most)s
"""
MOST = 10_000  # rows of either


def summary_of(project: Project) -> dict[str, Any]:
    """Counted now, over everything: linear in the size of the project, and bounded in time."""
    about = {"project": project.pk, "most": MOST}
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL", about
        )
        (tasks,) = cursor.fetchone()
        cursor.execute(KEYS, about)
        keys = dict(cursor.fetchall())
        cursor.execute(ANSWERS, about)
        answers = cursor.fetchall()
    labels: dict[str, dict[str, int]] = {}
    for control, _, label, count in answers:
        if label is not None:
            labels.setdefault(control, {})[label] = count
    return {
        "all_data_columns": keys,
        "common_data_columns": [key for key, count in keys.items() if count == tasks],
        "created_annotations": {name: count for _, name, label, count in answers if label is None},
        "created_labels": labels,
    }
