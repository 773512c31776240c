"""The rule of the review queue, and the statement that keeps entries true to it, as functions of the database: planned once for a
connection instead of once for every decision (planning takes longer than the work itself). For many tasks at once it never loops
over one side for each row of the other: with statistics of a moment ago, as within an import, the planner would. That is why every
table is told the tasks. What waits already enters the queue by the same functions.
"""

from django.db import migrations

COLUMNS = {
    "task_id": "bigint",
    "project_id": "bigint",
    "queue": "text",
    "author_id": "bigint",
    "written_by_id": "bigint",
    "not_for_id": "bigint",
    "standing_review_id": "bigint",
    "reworked": "boolean",
    "lowest_score": "double precision",
    "shuffle": "bigint",
}

# `review`: submitted, undecided, not out for rework, on a task drawn into the sample. `disputes`: a standing reject that is
# contested. `rejected`: any other one. What nobody but a manager could decide (`only_finished_tasks`) is in none.
RULE = f"""
CREATE FUNCTION countersign_queue_wanted(which bigint[])
RETURNS TABLE (annotation_id bigint, {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())}) LANGUAGE sql STABLE AS $$
    SELECT a.id AS annotation_id, a.task_id, a.project_id,
            CASE WHEN a.standing_review_id IS NULL THEN 'review' WHEN d.id IS NULL THEN 'rejected' ELSE 'disputes' END AS queue,
            a.completed_by_id AS author_id, a.written_by_id,
            CASE WHEN d.id IS NOT NULL THEN r.created_by_id END AS not_for_id,
            a.standing_review_id, a.ever_reviewed AS reworked, t.lowest_score,
            ('x' || left(md5(p.review_sample_seed || ':' || a.unique_id), 16))::bit(64)::bigint AS shuffle
        FROM tasks_annotation a
        JOIN tasks_task t ON t.id = a.task_id
        JOIN tasks_project p ON p.id = a.project_id
        LEFT JOIN reviews_review r ON r.id = a.standing_review_id AND r.task_id = ANY(which)
        LEFT JOIN reviews_dispute d ON d.review_id = a.standing_review_id AND d.outcome IS NULL
        WHERE a.task_id = ANY(which) AND t.id = ANY(which) AND a.deleted_at IS NULL AND NOT a.is_draft AND NOT a.was_cancelled
        AND t.deleted_at IS NULL AND t.closed_at IS NULL
        AND p.enable_review_workflow AND (t.is_labeled OR NOT p.only_finished_tasks)
        AND CASE WHEN a.standing_review_id IS NULL THEN a.returned_at IS NULL AND t.review_required
            ELSE a.last_action = 'rejected' END
$$;
"""

NAMES = ", ".join(COLUMNS)
STORED = ", ".join(f"e.{name}" for name in COLUMNS)
WANTED = ", ".join(f"w.{name}" for name in COLUMNS)
DECIDED = "(e.standing_review_id IS DISTINCT FROM w.standing_review_id OR e.queue <> w.queue)"

# A decision ends the lease; an edit does not. Rows that stay as they are stay unlocked, so that `next` need not wait for them.
SYNC = f"""
CREATE FUNCTION %(name)s(which bigint[]) RETURNS void LANGUAGE plpgsql
%(settings)s AS $$
#variable_conflict use_column
BEGIN
    WITH wanted AS MATERIALIZED (SELECT * FROM countersign_queue_wanted(which)), gone AS (
        DELETE FROM reviews_queueentry e WHERE e.task_id = ANY(which)
        AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.annotation_id = e.annotation_id)
    ), moved AS (
        UPDATE reviews_queueentry e SET {", ".join(f"{name} = w.{name}" for name in COLUMNS)},
            entered_at = CASE WHEN {DECIDED} THEN now() ELSE e.entered_at END,
            lease = CASE WHEN NOT {DECIDED} THEN e.lease END,
            leased_to_id = CASE WHEN NOT {DECIDED} THEN e.leased_to_id END,
            leased_at = CASE WHEN NOT {DECIDED} THEN e.leased_at END,
            leased_until = CASE WHEN NOT {DECIDED} THEN e.leased_until END
        FROM wanted w WHERE w.annotation_id = e.annotation_id AND e.task_id = ANY(which) AND ({STORED}) IS DISTINCT FROM ({WANTED})
    )
    INSERT INTO reviews_queueentry (annotation_id, {NAMES}, entered_at)
    SELECT w.annotation_id, {WANTED}, now() FROM wanted w
    WHERE NOT EXISTS (SELECT 1 FROM reviews_queueentry e WHERE e.annotation_id = w.annotation_id AND e.task_id = ANY(which));
END $$;
"""
SETTINGS = {
    "countersign_sync_queue": "SET plan_cache_mode = force_generic_plan",
    "countersign_sync_queue_of_many": "SET plan_cache_mode = force_custom_plan SET enable_nestloop = off",
}
FUNCTIONS = RULE + "".join(SYNC % {"name": name, "settings": settings} for name, settings in SETTINGS.items())
UNDO = (
    "".join(f"DROP FUNCTION {name}(bigint[]); " for name in SETTINGS)
    + "DROP FUNCTION countersign_queue_wanted(bigint[])"
)
FILL = "SELECT countersign_sync_queue_of_many(ARRAY(SELECT id FROM tasks_task))"
EMPTY = "DELETE FROM reviews_queueentry"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_lease_index"), ("tasks", "0011_lowest_scores")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO), migrations.RunSQL(FILL, EMPTY)]
