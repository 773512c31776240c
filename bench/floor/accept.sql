-- What any accept has to lock, read and write, in one transaction. `first` is an annotation that waits for review; client k
-- decides the `count` annotations from first + k * count on, each once. The bodies are those of real events.
\set annotation :first + :client_id * :count + :done
\set done :done + 1
BEGIN;
SELECT id, task_id, project_id, current_version_id, annotation_seq, completed_by_id, written_by_id, last_action, result
FROM tasks_annotation WHERE id = :annotation AND deleted_at IS NULL FOR NO KEY UPDATE \gset annotation_
SELECT id, data, reviews_accepted, reviews_rejected FROM tasks_task WHERE id = :annotation_task_id FOR NO KEY UPDATE \gset task_
SELECT id, last_action, ground_truth, standing_review_id, returned_at FROM tasks_annotation
WHERE task_id = :annotation_task_id AND deleted_at IS NULL AND NOT is_draft AND NOT was_cancelled ORDER BY id;
INSERT INTO reviews_review (
    annotation_id, task_id, project_id, verdict, created_by_id, created_at, comment, reason, seen_version_id, unique_id
) VALUES (
    :annotation, :annotation_task_id, :annotation_project_id, 'accepted', :reviewer, now(), '', '', :annotation_current_version_id,
    gen_random_uuid()
) RETURNING id \gset review_
INSERT INTO tasks_history (
    annotation_id, action, created_by_id, created_at, version_id, was_cancelled, annotation_seq, review_id, comment
) VALUES (
    :annotation, 'accepted', :reviewer, now(), :annotation_current_version_id, false, :annotation_annotation_seq + 1, :review_id, ''
);
UPDATE tasks_annotation SET last_action = 'accepted', last_created_by_id = :reviewer, standing_review_id = :review_id,
    ever_reviewed = true, annotation_seq = annotation_seq + 1, updated_at = now(), updated_by_id = :reviewer
WHERE id = :annotation;
UPDATE tasks_task SET reviewed = true, reviewed_at = now(), reviews_accepted = reviews_accepted + 1,
    final_annotation_id = :annotation, final_state = 'gold', updated_at = now(), updated_by_id = :reviewer
WHERE id = :annotation_task_id;
INSERT INTO reviews_taskreviewer (project_id, user_id, task_id) VALUES (:annotation_project_id, :reviewer, :annotation_task_id)
ON CONFLICT DO NOTHING;
DELETE FROM reviews_queueentry WHERE annotation_id = :annotation;
INSERT INTO tasks_projectdelta (
    tasks, finished, annotations, skipped, predictions, reviewed, accepted, rejected, sampled, review_done, project_id
) VALUES (0, 0, 0, 0, 0, 1, 1, 0, 0, 1, :annotation_project_id);
INSERT INTO webhooks_event (unique_id, project_id, action, body, annotation_seq) VALUES
    (gen_random_uuid(), :annotation_project_id, 'REVIEW_CREATED', :review_created, :annotation_annotation_seq + 1),
    (gen_random_uuid(), :annotation_project_id, 'ANNOTATION_ACCEPTED', :annotation_accepted, :annotation_annotation_seq + 1),
    (gen_random_uuid(), :annotation_project_id, 'TASK_REVIEWED', :task_reviewed, NULL);
COMMIT;
