"""What a campaign tells others, as it was sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tasks.events import APP_EVENT, DomainEvent, domain_events


@contextmanager
def recorded_events() -> Iterator[list[str]]:
    """The actions of the events within the block."""
    found: list[str] = []

    def record(events: tuple[DomainEvent, ...], **_: Any) -> None:
        found.extend(event.detail["action"] for event in events if event.kind == APP_EVENT)

    domain_events.connect(record)
    try:
        yield found
    finally:
        domain_events.disconnect(record)
