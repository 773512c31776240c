-- What a page of 100 tasks with all of their annotations has to read.
SELECT u.*, t.expires_at, t.last_used_at FROM users_apitoken t JOIN users_user u ON u.id = t.user_id
WHERE t.kind = 'key' AND t.key_hash = :key_hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
    AND u.is_active;
SELECT role FROM tasks_membership WHERE project_id = :project AND user_id = :reviewer;
SELECT min(id) AS first, max(id) AS last FROM (
    SELECT id FROM tasks_task WHERE project_id = :project AND deleted_at IS NULL ORDER BY id LIMIT 100
) page \gset page_
SELECT t.*, p.* FROM tasks_task t JOIN tasks_project p ON p.id = t.project_id
WHERE t.project_id = :project AND t.deleted_at IS NULL ORDER BY t.id LIMIT 100;
SELECT a.*, u.*, v.label_config_id FROM tasks_annotation a JOIN users_user u ON u.id = a.completed_by_id
LEFT JOIN tasks_history v ON v.id = a.current_version_id
WHERE a.task_id BETWEEN :page_first AND :page_last AND a.deleted_at IS NULL ORDER BY a.id;
SELECT id, task_id, annotation_id, created_by_id FROM reviews_comment
WHERE task_id BETWEEN :page_first AND :page_last AND deleted_at IS NULL;
SELECT * FROM tasks_draft WHERE task_id BETWEEN :page_first AND :page_last AND user_id = :reviewer;
SELECT * FROM reviews_taskreviewer WHERE task_id BETWEEN :page_first AND :page_last;
SELECT * FROM tasks_assignment WHERE task_id BETWEEN :page_first AND :page_last;
SELECT * FROM tasks_prediction WHERE task_id BETWEEN :page_first AND :page_last;
SELECT * FROM tasks_projecttotal WHERE project_id = :project;
SELECT * FROM tasks_projectdelta WHERE project_id = :project;
