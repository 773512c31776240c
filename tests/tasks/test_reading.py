"""Single values as people and tools write them."""

import uuid
from datetime import UTC, datetime

import pytest

from tasks import reading
from tasks.reading import Unreadable

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reader", "value", "read"),
    [
        (reading.number, 0.25, 0.25),
        (reading.number, "0.25", 0.25),
        (reading.number, " -1e3 ", -1000),
        (reading.boolean, "false", False),
        (reading.boolean, "True", True),
        (reading.boolean, 1, True),
        (reading.boolean, "no", False),
        (reading.moment, "2026-01-31T12:00:00Z", NOON),
        (reading.moment, "2026-01-31 13:00+01:00", NOON),
        (reading.moment, "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (reading.moment, "20260131", datetime(2026, 1, 31, tzinfo=UTC)),
        (reading.moment, NOON.timestamp(), NOON),
        (reading.moment, str(int(NOON.timestamp())), NOON),
        (reading.moment, NOON.timestamp() * 1000, NOON),
        (reading.unique_id, "00000000000040008000000000000001", uuid.UUID(int=0x40008000000000000001)),
        (reading.unique_id, "a-1", uuid.uuid5(reading.NAMES, "a-1")),
        (reading.unique_id, 17, reading.unique_id("17")),
    ],
)
def test_what_is_unambiguous_is_read(reader, value, read):
    assert reader(value) == read


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        *(
            (reading.number, value)
            for value in ("nan", "Infinity", "1_000", "0x1f", "١", True, [], "", 1e400)
        ),
        *((reading.boolean, value) for value in ("maybe", 2, [], {}, "")),
        *((reading.moment, value) for value in ("now", "tomorrow", "nan", True, [], "", 1e300, "12:00")),
        *((reading.unique_id, value) for value in ("", " ", True, [], 1.5, "x" * 256)),
    ],
)
def test_what_is_ambiguous_is_not(reader, value):
    with pytest.raises(Unreadable, match=r"^must be "):
        reader(value)
