"""Fills a project with annotations that wait for review: copies of an example, by a few statements."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model

    from tasks.models import Annotation
    from users.models import User

AUTHORS = 19  # beside the reviewer, who wrote one in twenty
CHUNK = 20_000

TASKS = """
    INSERT INTO tasks_task ({columns}) SELECT {made}
    FROM tasks_task t, generate_series(%(first)s, %(last)s) i,
        jsonb_populate_record(t, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('tasks_task', 'id')), 'inner_id', i,
            'unique_id', gen_random_uuid(), 'lowest_score', random(), 'total_predictions', 1,
            'data', jsonb_build_object('text', 'Report ' || md5(i::text) || ' about letter ' || i))) made
    WHERE t.id = %(task)s
"""
ANNOTATIONS = """
    INSERT INTO tasks_annotation ({columns}) SELECT {made} FROM tasks_annotation a, tasks_task t,
        LATERAL (SELECT (%(people)s::bigint[])[1 + t.inner_id %% 20] AS person) p,
        jsonb_populate_record(a, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('tasks_annotation', 'id')), 'task_id', t.id,
            'completed_by_id', p.person, 'written_by_id', p.person, 'version_author_id', p.person,
            'last_created_by_id', p.person, 'unique_id', gen_random_uuid(),
            'ever_reviewed', t.inner_id %% 10 = 0)) made
    WHERE a.id = %(annotation)s AND t.project_id = %(project)s AND t.inner_id BETWEEN %(first)s AND %(last)s
"""
# `WHERE a.id > 0` ties the subquery to its row: without it, one id would be drawn for all rows.
VERSIONS = """
    WITH written AS (
        INSERT INTO tasks_history ({columns}) SELECT {made}
        FROM tasks_history h, tasks_annotation a JOIN tasks_task t ON t.id = a.task_id,
            LATERAL (SELECT nextval(pg_get_serial_sequence('tasks_history', 'id')) AS id WHERE a.id > 0) n,
            jsonb_populate_record(h, jsonb_build_object(
                'id', n.id, 'version_id', n.id, 'annotation_id', a.id,
                'created_by_id', a.completed_by_id, 'author_id', a.completed_by_id)) made
        WHERE h.annotation_id = %(annotation)s AND t.project_id = %(project)s
            AND t.inner_id BETWEEN %(first)s AND %(last)s
        RETURNING id, annotation_id
    )
    UPDATE tasks_annotation a SET current_version_id = written.id
    FROM written WHERE a.id = written.annotation_id
"""
PREDICTIONS = """
    INSERT INTO tasks_prediction (task_id, project_id, result, score, model_version, created_at, updated_at)
    SELECT id, project_id, '[]', lowest_score, '', now(), now() FROM tasks_task
    WHERE project_id = %(project)s AND inner_id BETWEEN %(first)s AND %(last)s
"""
ANNOTATORS = """
    INSERT INTO tasks_taskannotator (project_id, user_id, task_id)
    SELECT a.project_id, a.completed_by_id, a.task_id
    FROM tasks_annotation a JOIN tasks_task t ON t.id = a.task_id
    WHERE t.project_id = %(project)s AND t.inner_id BETWEEN %(first)s AND %(last)s
"""
NEW_TASKS = """
    SELECT id FROM tasks_task
    WHERE project_id = %(project)s AND inner_id BETWEEN %(first)s AND %(last)s
"""


def copying(statement: str, model: "type[Model]") -> str:
    """The statement for all columns of a model but those the database derives."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = [f'"{field.column}"' for field in fields]
    return statement.format(columns=", ".join(columns), made=", ".join(f"made.{name}" for name in columns))


def authors() -> list[int]:
    """Ids of people who write annotations."""
    from tests.factories import person

    return [person(f"author-{number}").pk for number in range(AUTHORS)]


def seed_reviewable(like: "Annotation", count: int, *, reviewer: "User", written_by: list[int]) -> None:
    """`count` tasks with one annotation each, in the project of the annotation `like`, which is deleted.
    The authors are `written_by`, and of one annotation in twenty `reviewer`."""
    from django.db import connection, transaction

    from reviews import drift
    from reviews.queue import entries
    from tasks.models import Annotation, History, Task
    from tasks.services import tasks

    copies = [(TASKS, Task), (ANNOTATIONS, Annotation), (VERSIONS, History)]
    statements = [copying(statement, model) for statement, model in copies]
    project, people = like.project, [reviewer.pk, *written_by]
    parameters: dict[str, Any] = {
        "project": project.pk,
        "task": like.task_id,
        "annotation": like.pk,
        "people": people,
    }
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_task SET inner_id = 0 WHERE id = %(task)s", parameters)
        for first in range(1, count + 1, CHUNK):
            chunk = parameters | {"first": first, "last": min(first + CHUNK - 1, count)}
            with transaction.atomic():
                for statement in [*statements, PREDICTIONS, ANNOTATORS, NEW_TASKS]:
                    cursor.execute(statement, chunk)
                entries.sync([row[0] for row in cursor.fetchall()])
    tasks.delete_many(project, [like.task_id], actor=project.created_by)
    drift.repair_totals(project)
