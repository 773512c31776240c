"""What waits already enters the queue."""

from django.db import migrations

FILL = """
    INSERT INTO reviews_queueentry (annotation_id, task_id, project_id, queue, author_id, written_by_id, not_for_id,
        standing_review_id, reworked, lowest_score, shuffle, entered_at)
    SELECT wanted.*, now() FROM (SELECT a.id AS annotation_id, a.task_id, a.project_id,
            CASE WHEN a.standing_review_id IS NULL THEN 'review' WHEN d.id IS NULL THEN 'rejected' ELSE 'disputes' END AS queue,
            a.completed_by_id AS author_id, a.written_by_id,
            CASE WHEN d.id IS NOT NULL THEN r.created_by_id END AS not_for_id,
            a.standing_review_id, a.ever_reviewed AS reworked, t.lowest_score,
            ('x' || left(md5(p.review_sample_seed || ':' || a.unique_id), 16))::bit(64)::bigint AS shuffle
        FROM tasks_annotation a
        JOIN tasks_task t ON t.id = a.task_id
        JOIN tasks_project p ON p.id = a.project_id
        LEFT JOIN reviews_review r ON r.id = a.standing_review_id
        LEFT JOIN reviews_dispute d ON d.review_id = a.standing_review_id AND d.outcome IS NULL
        WHERE a.deleted_at IS NULL AND NOT a.is_draft AND NOT a.was_cancelled
        AND t.deleted_at IS NULL AND t.closed_at IS NULL
        AND p.enable_review_workflow AND (t.is_labeled OR NOT p.only_finished_tasks)
        AND CASE WHEN a.standing_review_id IS NULL THEN a.returned_at IS NULL AND t.review_required
            ELSE a.last_action = 'rejected' END
    ) wanted
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_lease_index"), ("tasks", "0011_lowest_scores")]

    operations = [migrations.RunSQL(FILL, "DELETE FROM reviews_queueentry")]
