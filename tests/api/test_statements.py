"""What the hot requests cost in statements, everything counted that goes to the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import annotation, client_of, task

MOST_OF_A_DECISION = 10  # with BEGIN and COMMIT
MOST_OF_A_READ = 3


def statements(queries: CaptureQueriesContext) -> list[str]:
    """Without those by which the tests' client asks the deferred triggers."""
    return [query["sql"] for query in queries if not query["sql"].startswith("SET CONSTRAINTS")]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("accept", {}),
        ("reject", {"reject_action": "remove"}),
    ],
)
def test_a_decision_takes_ten_statements_at_most(house, action, body):
    client = client_of(house.reviewer)
    first, second = (annotation(task(house.project), house.annotator) for _ in range(2))
    client.post(f"/api/annotations/{first.pk}/{action}/", body, format="json")  # who asks is known then

    with CaptureQueriesContext(connection) as queries:
        answer = client.post(f"/api/annotations/{second.pk}/{action}/", body, format="json")

    asked = statements(queries)
    assert answer.status_code == 200
    # The tests forget who asks after each request: one statement for the token, one for the roles.
    assert len(asked) <= MOST_OF_A_DECISION + 2, "\n".join(asked)
    assert len(set(asked)) == len(asked)


def test_reading_an_annotation_takes_three_statements_at_most(house):
    client, url = client_of(house.reviewer), f"/api/annotations/{house.annotation.pk}/"
    client.get(url)

    with CaptureQueriesContext(connection) as queries:
        client.get(url)

    asked = statements(queries)
    assert len(asked) <= MOST_OF_A_READ, "\n".join(asked)
