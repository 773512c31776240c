"""Nothing that an address can carry makes a request fail: every parameter of every documented GET."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction

from tests import checked
from tests.factories import House, client_of

TIMES = [
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-01-01T00:00:00+99:99",
]
NUMBERS = [
    "1e400",
    "1e999999999",
    "NaN",
    "-Infinity",
    "9" * 40,
    "-9223372036854775809",
    "1.5",
    "²",
    "٣",
    "-1",
]
TEXTS = ["%00", "%ED%A0%80", "x" * 3000, "[]", "{", "1,,2", "²,٣", "-"]


def values_for(name: str, schema: dict[str, Any]) -> list[str]:
    if schema.get("format") == "date-time" or "created_at" in name or name.endswith("since"):
        return TIMES
    if schema.get("type") in ("integer", "number"):
        return NUMBERS
    return [*TEXTS, TIMES[0], *NUMBERS[:3]]


def requests(house: House) -> Iterator[tuple[str, str]]:
    """Path and query."""
    document = checked.document()
    ids = {"project": house.project.pk, "task": house.task.pk, "annotation": house.annotation.pk}
    for path, operations in document["paths"].items():
        kind = next((word for word in ids if f"/{word}s/" in path), "project")
        address = re.sub(r"{\w*(project|task|annotation)_\w+}", lambda found: str(ids[found[1]]), path)
        address = re.sub(r"{\w+}", str(ids[kind]), address)
        parameters = operations.get("get", {}).get("parameters", [])
        names = {parameter["name"] for parameter in parameters}
        for parameter in parameters:
            if parameter["in"] == "query":
                for value in values_for(parameter["name"], parameter["schema"]):
                    raw = value if value.startswith("%") else quote(value)
                    query = f"{parameter['name']}={raw}"
                    yield address, f"{query}&project={house.project.pk}" if "project" in names else query


PARTS = 6  # each has some values of every parameter


@pytest.mark.timeout(400)  # thousands of requests
@pytest.mark.parametrize("part", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in range(1, PARTS))])
def test_no_parameter_makes_a_request_fail(house, part):
    client = client_of(house.lead)
    client.raise_request_exception = False
    failed, asked = [], 0

    for path, query in islice(requests(house), part, None, PARTS):
        with transaction.atomic():
            asked += 1
            status = client.get(f"{path}?{query}").status_code
            failed += [f"{status} {path}?{query}"[:200]] if status >= 500 else []
            transaction.set_rollback(True)

    assert not failed, "\n".join(failed)
    assert asked > 250
