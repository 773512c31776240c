"""How many statements a request takes."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def statements_of(client, url: str) -> int:
    client.get(url)  # what is kept in memory is there now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
