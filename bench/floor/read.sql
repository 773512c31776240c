-- What one GET of an annotation has to read: who asks, and the annotation with what its body and buttons depend on.
\set annotation random(:first, :last)
SELECT u.*, t.expires_at, t.last_used_at FROM users_apitoken t JOIN users_user u ON u.id = t.user_id
WHERE t.kind = 'key' AND t.key_hash = :key_hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
    AND u.is_active;
SELECT a.*, t.*, p.*, u.*, m.role, v.label_config_id,
    EXISTS (SELECT FROM tasks_assignment s WHERE s.task_id = t.id AND s.user_id = :reviewer) AS is_assigned
FROM tasks_annotation a
JOIN tasks_task t ON t.id = a.task_id
JOIN tasks_project p ON p.id = a.project_id
JOIN users_user u ON u.id = a.completed_by_id
JOIN tasks_membership m ON m.project_id = a.project_id AND m.user_id = :reviewer
LEFT JOIN tasks_history v ON v.id = a.current_version_id
WHERE a.id = :annotation AND a.deleted_at IS NULL AND t.deleted_at IS NULL AND p.deleted_at IS NULL;
