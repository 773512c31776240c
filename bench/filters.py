"""How long the task table takes for each operator.

`python -m devserver.embedded -- python -m bench.filters 2000 200000` prints p50 and p95 in ms of
GET /api/tasks/?query= (30 rows), for review columns, people, and text in the data.
"""

import json
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.database import empty_database, run

if TYPE_CHECKING:
    from rest_framework.test import APIClient

ROUNDS = 20
TASKS = """
    INSERT INTO tasks_task (
        project_id, inner_id, data, meta, overlap, allow_skip, unique_id, created_at, updated_at,
        is_labeled, completed_at, total_annotations, cancelled_annotations, total_predictions,
        reviewed, reviewed_at, reviews_accepted, reviews_rejected,
        comment_count, unresolved_comment_count, review_required, final_state, closed_because
    )
    SELECT %(project)s, i,
        jsonb_build_object('text', 'Report ' || md5(i::text) || ' about letter ' || i, 'n', i), '{}',
        1, true, gen_random_uuid(), now(), now(),
        true, now(), 1, 0, 0,
        i %% 2 = 0, CASE WHEN i %% 2 = 0 THEN now() END,
        CASE WHEN i %% 2 = 0 THEN 1 ELSE 0 END, CASE WHEN i %% 50 = 1 THEN 1 ELSE 0 END,
        CASE WHEN i %% 20 = 0 THEN 1 ELSE 0 END, 0, true, 'not_reviewed', ''
    FROM generate_series(1, %(count)s) i
"""
REVIEWERS = """
    INSERT INTO reviews_taskreviewer (project_id, user_id, task_id)
    SELECT project_id, %(user)s, id FROM tasks_task WHERE project_id = %(project)s AND inner_id %% 2 = 0
"""
ANNOTATORS = """
    INSERT INTO tasks_taskannotator (project_id, user_id, task_id)
    SELECT project_id, %(user)s, id FROM tasks_task WHERE project_id = %(project)s
"""
NUMBERS = {
    "equal": 1,
    "not_equal": 0,
    "less": 1,
    "greater": 0,
    "less_or_equal": 0,
    "greater_or_equal": 1,
    "in": {"min": 1, "max": 5},
    "not_in": {"min": 1, "max": 5},
    "in_list": [1, 2],
    "not_in_list": [0],
    "empty": False,
    "contains": "1",
    "not_contains": "0",
    "regex": "^[1-9]",
}

# (column, type, operator, value)
Filter = tuple[str, str, str, Any]


def filters(user_id: int) -> list[Filter]:
    rejected = [("reviews_rejected", "Number", operator, value) for operator, value in NUMBERS.items()]
    return [
        *rejected,
        ("reviews_accepted", "Number", "greater", 0),
        ("reviewed", "Boolean", "equal", True),
        ("reviewed", "Boolean", "equal", False),
        ("reviewed_at", "Datetime", "greater", "2020-01-01T00:00:00Z"),
        ("reviewers", "List", "contains", user_id),
        ("reviewers", "List", "empty", True),
        ("annotators", "List", "contains", user_id),
        ("comment_count", "Number", "greater", 0),
        ("data.text", "String", "contains", "letter 77"),
        ("data.text", "String", "contains", "no such words"),
        ("data.text", "String", "regex", "letter [0-9]*77$"),
        ("data.n", "Number", "greater", 100),
    ]


def measure(count: int) -> dict[str, Any]:
    from django.db import connection

    from tests.factories import build_house, client_of

    house = build_house()
    parameters = {"project": house.project.pk, "count": count, "user": house.reviewer.pk}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tasks_taskannotator")
        cursor.execute(
            "UPDATE tasks_task SET deleted_at = now(), inner_id = 0 WHERE project_id = %(project)s",
            parameters,
        )
        for statement in (TASKS, REVIEWERS, ANNOTATORS):
            cursor.execute(statement, parameters)
        cursor.execute("ANALYZE")
    client = client_of(house.lead)
    return {_name(each): _times(client, house.project.pk, each) for each in filters(house.reviewer.pk)}


def _name(asked: Filter) -> str:
    column, _, operator, value = asked
    return f"{column} {operator} {json.dumps(value)}"


def _times(client: "APIClient", project: int, asked: Filter) -> dict[str, float]:
    column, kind, operator, value = asked
    items = [{"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}]
    query = json.dumps({"filters": {"conjunction": "and", "items": items}})
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        answer = client.get("/api/tasks/", {"project": str(project), "page_size": "30", "query": query})
        times.append((perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.content
    times.sort()
    return {
        "p50": round(times[ROUNDS // 2], 1),
        "p95": round(times[int(ROUNDS * 0.95) - 1], 1),
        "total": answer.json()["total"],
    }


def main(*counts: int) -> None:
    results = {}
    for count in counts:
        with empty_database():
            results[count] = measure(count)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    run(main, default=[2000])
