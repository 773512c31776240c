"""The dead ends of a project: what the list costs."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import client_of, skipped, task


def asked(user, path: str) -> tuple[dict, int]:
    """The answer, and how many queries it took."""
    client = client_of(user)
    with CaptureQueriesContext(connection) as queries:
        body = client.get(path).json()
    return body, len(queries)


def test_dead_ends_cost_the_same_for_one_row_and_for_three(house):
    path = f"/api/projects/{house.project.pk}/dead-ends/"

    def stuck(of) -> None:
        for who in (house.annotator, house.annotator2):
            skipped(of, who)

    stuck(task(house.project, text="One"))
    _, once = asked(house.lead, path)
    for number in (2, 3):
        stuck(task(house.project, text=f"{number}"))

    body, three_times = asked(house.lead, path)

    assert (body["counts"]["skipped_by_all"]["number"], three_times) == (3, once)
