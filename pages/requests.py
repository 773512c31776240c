"""What an address or a form says, read with care."""


def whole_number(text: str | None) -> int | None:
    """An id, if it looks like one and PostgreSQL can hold it."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
