"""Numbers from addresses and forms."""


def parse_id(text: str | None) -> int | None:
    """None unless it looks like an id that PostgreSQL can hold."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
